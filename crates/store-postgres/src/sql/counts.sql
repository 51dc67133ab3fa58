SELECT (SELECT count(DISTINCT party) FROM inbox) + (SELECT count(DISTINCT party) FROM mark),
       (SELECT count(*) FROM member),
       (SELECT count(DISTINCT cluster) FROM member)
