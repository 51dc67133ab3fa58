SELECT count(*), coalesce(sum(hashtextextended(key, 0)::numeric), 0)::text FROM subject
WHERE key !~ '^(party|product|stock|decision):'
