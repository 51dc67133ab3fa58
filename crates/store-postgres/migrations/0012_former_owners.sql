-- Subjects by what they once named, where no other index leads from that to them. Filled when the views are made again, since no
-- older fold knows it.
CREATE TABLE former (
    key     text COLLATE "C",
    subject text COLLATE "C",
    PRIMARY KEY (key, subject)
);

-- Documents by the numbers that stand on them, where their subjects say others; with what stands before the last digits.
CREATE TABLE written (
    place   bigint,
    subject text COLLATE "C",
    prefix  text COLLATE "C" NOT NULL,
    PRIMARY KEY (place, subject)
);

-- A UUID counts nothing up, whatever its last digits are. The expression stands in load_end_subject.sql, numbered.sql and
-- count_numbers.sql of src/sql too.
DROP INDEX subject_by_number;
CREATE INDEX subject_by_number ON subject ((CASE
    WHEN translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', '') ~ '^[^0-9]*([0-9]+[-./_#:]+)*[0-9]+$'
        AND substring(key FROM '^[^:]*:[^:]*:(.*)$') !~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'
    THEN right(substring(translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', '') FROM '[0-9]+$'), 18)::bigint
    ELSE -(hashtextextended(lower(translate(translate(substring(key FROM '^[^:]*:[^:]*:(.*)$'), E' \u00a0\u3000', ''), '-./_#:', '') COLLATE "C"), 0) & 9223372036854775807) - 1
END)) WHERE key !~ '^(party|product|stock|decision):';
