INSERT INTO outbox (owner, note)
SELECT n.owner, n.note
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n (owner, note, place)
WHERE (SELECT enabled FROM publishing)
ORDER BY n.place
