INSERT INTO fact (subject, id, state)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[])
ON CONFLICT (subject, id) DO UPDATE SET state = excluded.state
