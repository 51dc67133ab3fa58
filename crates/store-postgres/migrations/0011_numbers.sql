-- Documents stand by where their numbers lead: their last digits, which are counted up, or below zero a hash of the number that
-- counts nothing up. The expression stands in sql/load_end_subject.sql and sql/numbered.sql too: an index answers for the same alone.
CREATE INDEX subject_by_number ON subject ((CASE
    WHEN translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', '') ~ '^[^0-9]*([0-9]+[-./_#:]+)*[0-9]+$'
    THEN right(substring(translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', '') FROM '[0-9]+$'), 18)::bigint
    ELSE -(hashtextextended(lower(translate(translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', ''), '-./_#:', '') COLLATE "C"), 0) & 9223372036854775807) - 1
END)) WHERE key !~ '^(party|product|stock|decision):';

-- Customers are found by their addresses too: the texts of all are made again.
INSERT INTO mark (party) SELECT party FROM search;
