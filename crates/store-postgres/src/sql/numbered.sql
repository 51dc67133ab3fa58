(SELECT key FROM subject
WHERE key !~ '^(party|product|stock|decision):' AND CASE
    WHEN translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', '') ~ '^[^0-9]*([0-9]+[-./_#:]+)*[0-9]+$'
        AND substring(key FROM '^[^:]*:[^:]*:(.*)$') !~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
    THEN right(substring(translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', '') FROM '[0-9]+$'), 18)::bigint
    ELSE -(hashtextextended(lower(translate(translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', ''), '-./_#:', '') COLLATE "C"), 0) & 9223372036854775807) - 1
END
    = CASE WHEN $1 >= 0 THEN $1 ELSE -(hashtextextended($2 COLLATE "C", 0) & 9223372036854775807) - 1 END
    -- Thousands may end alike: what stands before the last digits ends in what was asked.
    AND ($1 < 0 OR right(lower(translate(regexp_replace(translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', ''), '[0-9]+$', ''), '-./_#:', '') COLLATE "C"), length($2)) = $2)
LIMIT $3)
UNION
(SELECT subject FROM written WHERE place = $1 AND right(prefix, length($2)) = $2 LIMIT $3)
LIMIT $3
