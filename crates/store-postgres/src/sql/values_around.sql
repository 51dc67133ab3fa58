-- Identifiers of parties, how many ever asserted each, and how many of those are these or wait to be published.
SELECT h.identifier, count(*) AS ever,
       count(*) FILTER (WHERE h.party = ANY($1) OR EXISTS (SELECT 1 FROM outbox o WHERE o.owner = h.party)) AS fresh
FROM holder h
WHERE h.identifier IN (SELECT identifier FROM holder WHERE party = ANY($1))
GROUP BY h.identifier
