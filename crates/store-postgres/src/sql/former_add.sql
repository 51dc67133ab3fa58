INSERT INTO former (key, subject)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT DO NOTHING
