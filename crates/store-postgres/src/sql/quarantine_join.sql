LOCK TABLE {live}.quarantine IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO {live}.quarantine (key, connector, codes, decision, why, entry, raw)
SELECT key, connector, codes, decision, why, entry, raw
FROM {new}.quarantine n
WHERE NOT EXISTS (SELECT 1 FROM {live}.quarantine l WHERE l.key = n.key)
ORDER BY number
