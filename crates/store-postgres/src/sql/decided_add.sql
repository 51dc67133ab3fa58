INSERT INTO decided (subject)
SELECT * FROM unnest($1::text[])
ON CONFLICT DO NOTHING
