INSERT INTO owner (key, first_seen, id, digest, bundle)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::bytea[], $5::bytea[])
ON CONFLICT DO NOTHING
