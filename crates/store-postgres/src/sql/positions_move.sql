UPDATE position p
SET next      = m.next,
    bundles   = CASE WHEN p.partition = $3 THEN $4  ELSE p.bundles END,
    clusters  = CASE WHEN p.partition = $3 THEN $5  ELSE p.clusters END,
    ids       = CASE WHEN p.partition = $3 THEN $6  ELSE p.ids END,
    subjects  = CASE WHEN p.partition = $3 THEN $7  ELSE p.subjects END,
    parties   = CASE WHEN p.partition = $3 THEN $8  ELSE p.parties END,
    conflicts = CASE WHEN p.partition = $3 THEN $9  ELSE p.conflicts END,
    documents = CASE WHEN p.partition = $3 THEN $10 ELSE p.documents END,
    money     = CASE WHEN p.partition = $3 THEN $11 ELSE p.money END
FROM unnest($1::integer[], $2::bigint[]) AS m (partition, next)
WHERE p.partition = m.partition
