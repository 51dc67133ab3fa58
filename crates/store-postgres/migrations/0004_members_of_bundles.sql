-- Members are kept of sets that have a bundle; once they stayed when it became empty.
DELETE FROM set_member m
WHERE NOT EXISTS (SELECT 1 FROM owner o WHERE o.key = m.owner AND length(o.bundle) > 0);
