UPDATE owner o
SET first_seen = n.first_seen, id = n.id, digest = n.digest, bundle = n.bundle
FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::bytea[], $5::bytea[]) AS n (key, first_seen, id, digest, bundle)
WHERE o.key = n.key
