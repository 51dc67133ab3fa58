DELETE FROM inbox
WHERE party IN (SELECT party FROM inbox ORDER BY number LIMIT $1)
RETURNING party
