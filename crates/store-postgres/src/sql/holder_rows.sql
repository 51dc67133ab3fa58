SELECT (SELECT count(*) FROM (SELECT 1 FROM holder h WHERE h.identifier = v.identifier LIMIT v.ever) counted),
       ARRAY(SELECT h.party FROM holder h WHERE h.identifier = v.identifier AND h.present LIMIT v.most)
FROM unnest($1::text[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS v (identifier, ever, most, place)
ORDER BY v.place
