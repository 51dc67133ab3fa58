-- How many who ever asserted each identifier are among these, or wait to be published.
SELECT (SELECT count(*) FROM holder h
        WHERE h.identifier = v.identifier
          AND (h.party = ANY($2) OR EXISTS (SELECT 1 FROM outbox o WHERE o.owner = h.party)))
FROM unnest($1::text[]) WITH ORDINALITY AS v (identifier, place)
ORDER BY v.place
