INSERT INTO set_member (atom, owner)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT DO NOTHING
