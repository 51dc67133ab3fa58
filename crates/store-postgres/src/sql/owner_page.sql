SELECT key, bundle
FROM owner
WHERE key > $1
  AND key < $2
  AND length(bundle) > 0
ORDER BY key
LIMIT $3
