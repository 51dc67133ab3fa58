INSERT INTO quarantine (key, connector, codes, entry, raw, decision, why)
SELECT $1, $2, $3, $4, $5, $6, $7
WHERE NOT EXISTS (SELECT 1 FROM quarantine WHERE key = $1)
RETURNING number
