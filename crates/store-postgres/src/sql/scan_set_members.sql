SELECT m.atom, m.owner, COALESCE(length(o.bundle) > 0, false) AS used
FROM set_member m
LEFT JOIN owner o ON o.key = m.owner
