SELECT h.ever, h.waiting,
       ARRAY(
           SELECT p.party FROM holder p
           WHERE p.identifier = h.identifier AND p.present
           LIMIT $2 + h.waiting
       ) AS present
FROM (
    SELECT v.identifier, v.place,
           (SELECT count(*) FROM holder e WHERE e.identifier = v.identifier) AS ever,
           (SELECT count(DISTINCT i.party) FROM holder w JOIN inbox i ON i.party = w.party
            WHERE w.identifier = v.identifier) AS waiting
    FROM unnest($1::text[]) WITH ORDINALITY AS v (identifier, place)
) AS h
ORDER BY h.place
