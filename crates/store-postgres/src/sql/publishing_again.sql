-- All parties are gone through again, and what the new views have yet to show is followed once more.
UPDATE publishing
SET sweep = '',
    positions = ARRAY(SELECT LEAST(next, positions[partition + 1]) FROM position ORDER BY partition)
WHERE enabled
