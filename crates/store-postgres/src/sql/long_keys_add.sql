INSERT INTO long_key (short, key)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT DO NOTHING
