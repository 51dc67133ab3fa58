INSERT INTO fingerprint AS f (partition, at, digest)
SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bytea[])
ON CONFLICT (partition) DO UPDATE SET at = excluded.at, digest = excluded.digest
WHERE f.at < excluded.at
