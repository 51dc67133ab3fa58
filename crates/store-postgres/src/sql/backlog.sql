SELECT (SELECT count(DISTINCT party) FROM inbox),
       (SELECT count(DISTINCT party) FROM mark)
