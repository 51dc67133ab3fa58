SELECT holder, epoch, clusters, ids, expires < clock_timestamp() AS over,
       (SELECT enabled FROM publishing) AS publishes
FROM lease
WHERE name = 'resolver'
FOR UPDATE SKIP LOCKED
