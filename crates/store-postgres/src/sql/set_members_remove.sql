DELETE FROM set_member m
USING unnest($1::text[], $2::text[]) AS n (atom, owner)
WHERE m.atom = n.atom
  AND m.owner = n.owner
