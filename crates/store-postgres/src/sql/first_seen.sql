SELECT o.first_seen
FROM unnest($1::text[]) WITH ORDINALITY AS asked (key, place)
LEFT JOIN owner o ON o.key = asked.key
ORDER BY asked.place
