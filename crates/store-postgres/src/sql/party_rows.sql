SELECT o.first_seen, s.state,
       ARRAY(SELECT d.decision FROM decision d WHERE d.party = asked.party ORDER BY d.decision) AS decisions
FROM unnest($1::text[]) WITH ORDINALITY AS asked (party, place)
LEFT JOIN owner o ON o.key = asked.party
LEFT JOIN subject s ON s.key = asked.party
ORDER BY asked.place
