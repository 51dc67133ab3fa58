SELECT asked.place, f.subject
FROM unnest($1::text[]) WITH ORDINALITY AS asked (key, place)
CROSS JOIN LATERAL (SELECT subject FROM former WHERE key = asked.key ORDER BY subject LIMIT $2) f
ORDER BY asked.place, f.subject
