INSERT INTO intake AS kept (reader, topic, partition, next)
SELECT $1, $2, moved.partition, moved.next
FROM unnest($3::integer[], $4::bigint[], $5::bigint[]) AS moved (partition, was, next)
WHERE moved.was = 0
   OR EXISTS (SELECT 1 FROM intake WHERE reader = $1 AND topic = $2 AND partition = moved.partition)
ORDER BY moved.partition
ON CONFLICT (reader, topic, partition) DO UPDATE SET next = excluded.next
WHERE kept.next = (
    SELECT was.next FROM unnest($3::integer[], $4::bigint[]) AS was (partition, next) WHERE was.partition = kept.partition
)
RETURNING kept.partition
