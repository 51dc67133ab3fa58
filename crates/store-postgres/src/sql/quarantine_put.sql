INSERT INTO quarantine (key, connector, codes, entry, raw, decision, why)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING number
