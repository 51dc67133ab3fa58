SELECT n.place, f.state
FROM unnest($1::text[], $2::bytea[], $3::bytea[]) WITH ORDINALITY AS n (subject, low, high, place)
JOIN fact f ON f.subject = n.subject AND f.id BETWEEN n.low AND n.high
