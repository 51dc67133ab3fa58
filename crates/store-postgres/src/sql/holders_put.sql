INSERT INTO holder (identifier, party, present)
SELECT * FROM unnest($1::text[], $2::text[], $3::boolean[])
ON CONFLICT (identifier, party) DO UPDATE SET present = excluded.present
WHERE holder.present <> excluded.present
