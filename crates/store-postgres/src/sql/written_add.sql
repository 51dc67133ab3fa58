INSERT INTO written (place, prefix, subject)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])
ON CONFLICT (place, subject) DO UPDATE SET prefix = EXCLUDED.prefix
