DELETE FROM decision d
USING unnest($1::text[], $2::text[]) AS gone (decision, party)
WHERE d.party = gone.party
  AND d.decision = gone.decision
