UPDATE subject s
SET state = n.state
FROM unnest($1::text[], $2::bytea[]) AS n (key, state)
WHERE s.key = n.key
