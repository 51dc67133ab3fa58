SELECT number, entry, raw, decision, why
FROM quarantine
WHERE number > $1
  AND ($2 OR decision = '')
  AND ($3::text IS NULL OR connector = $3)
  AND ($4::text IS NULL OR strpos(codes, $4) > 0)
ORDER BY number
LIMIT $5
