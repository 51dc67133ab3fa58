SELECT p.*, (SELECT enabled FROM publishing) AS publishes
FROM position p
WHERE partition = ANY($1)
ORDER BY partition
FOR UPDATE OF p
