SELECT holder, epoch, clusters, ids, expires < clock_timestamp() AS over
FROM lease
WHERE name = 'resolver'
FOR UPDATE SKIP LOCKED
