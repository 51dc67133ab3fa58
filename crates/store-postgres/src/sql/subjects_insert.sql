INSERT INTO subject (key, state)
SELECT * FROM unnest($1::text[], $2::bytea[])
ON CONFLICT DO NOTHING
