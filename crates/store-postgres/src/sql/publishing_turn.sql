UPDATE publishing
SET version = GREATEST(version + 1, $1)
RETURNING version, run, sweep, positions, ARRAY(SELECT next FROM position ORDER BY partition) AS projected
