INSERT INTO open_item (owner, due, subject, item)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[])
ON CONFLICT (owner, due, subject) DO UPDATE SET item = excluded.item
