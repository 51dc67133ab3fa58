UPDATE lease
SET epoch = epoch + CASE WHEN holder = $1 THEN 0 ELSE 1 END,
    holder = $1,
    expires = clock_timestamp() + $2 * interval '1 millisecond'
WHERE name = 'publisher'
  AND (holder = $1 OR expires < clock_timestamp())
  AND EXISTS (SELECT 1 FROM publishing WHERE enabled)
RETURNING epoch
