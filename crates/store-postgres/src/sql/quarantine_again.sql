UPDATE quarantine
SET connector = $2, codes = $3, entry = $4, raw = $5, decision = $6, why = $7
WHERE key = $1
RETURNING number
