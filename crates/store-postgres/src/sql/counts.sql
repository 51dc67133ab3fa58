SELECT (SELECT count(DISTINCT party) FROM inbox) + (SELECT count(DISTINCT party) FROM mark),
       (SELECT count(*) FROM member),
       (SELECT count(DISTINCT cluster) FROM member),
       (SELECT count(*) FROM (SELECT FROM member GROUP BY cluster HAVING count(*) >= $1) AS full_clusters)
