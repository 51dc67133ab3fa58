DELETE FROM inbox
WHERE party = ANY (ARRAY(SELECT party FROM inbox ORDER BY number LIMIT $1))
RETURNING party
