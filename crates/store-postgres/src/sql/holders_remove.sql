DELETE FROM holder h
USING unnest($1::text[], $2::text[]) AS gone (identifier, party)
WHERE h.identifier = gone.identifier
  AND h.party = gone.party
