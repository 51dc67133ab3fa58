SELECT key, first_seen IS NOT NULL AS named, id
FROM owner
WHERE first_seen IS NOT NULL
   OR id IS NOT NULL
