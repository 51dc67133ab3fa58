SELECT DISTINCT COALESCE(m.cluster, asked.party) AS head, COALESCE(m.party, asked.party) AS party
FROM unnest($1::text[]) AS asked (party)
LEFT JOIN member n ON n.party = asked.party
LEFT JOIN member m ON m.cluster = n.cluster
