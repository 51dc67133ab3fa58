INSERT INTO decision (decision, party)
SELECT * FROM unnest($1::text[], $2::text[])
ON CONFLICT DO NOTHING
