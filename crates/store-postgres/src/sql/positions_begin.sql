-- Once, by whoever is first: the number of partitions is fixed when the read model is made.
INSERT INTO position (partition)
SELECT generate_series(0, $1 - 1)
WHERE NOT EXISTS (SELECT 1 FROM position)
ON CONFLICT DO NOTHING
