SELECT (SELECT count(*) FROM holder WHERE identifier = $1),
       ARRAY(SELECT party FROM holder WHERE identifier = $1 AND present LIMIT $2)
