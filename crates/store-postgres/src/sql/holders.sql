SELECT h.ever, h.waiting,
       ARRAY(
           SELECT p.party FROM holder p
           WHERE p.identifier = h.identifier AND p.present
           LIMIT $2 + h.waiting
       ) AS present
FROM (
    SELECT v.identifier, v.place,
           (SELECT count(*) FROM holder e WHERE e.identifier = v.identifier) AS ever,
           (SELECT count(*) FROM holder w
            WHERE w.identifier = v.identifier
              AND EXISTS (SELECT 1 FROM inbox i WHERE i.party = w.party)) AS waiting
    FROM unnest($1::text[]) WITH ORDINALITY AS v (identifier, place)
    OFFSET 0
) AS h
ORDER BY h.place
