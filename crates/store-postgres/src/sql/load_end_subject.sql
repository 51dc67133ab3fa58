ALTER TABLE subject ADD PRIMARY KEY (key);
CREATE INDEX subject_by_number ON subject ((CASE
    WHEN translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', '') ~ '^[^0-9]*([0-9]+[-./_#:]+)*[0-9]+$'
        AND substring(key FROM '^[^:]*:[^:]*:(.*)$') !~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
    THEN right(substring(translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', '') FROM '[0-9]+$'), 18)::bigint
    ELSE -(hashtextextended(lower(translate(translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', ''), '-./_#:', '') COLLATE "C"), 0) & 9223372036854775807) - 1
END)) WHERE key !~ '^(party|product|stock|decision):';
ANALYZE subject;
