SELECT key, first_seen, digest, bundle
FROM owner
WHERE length(bundle) > 0
   OR length(digest) > 0
   OR first_seen IS NOT NULL
