INSERT INTO member (party, cluster)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT (party) DO UPDATE SET cluster = excluded.cluster
