CREATE TEMPORARY TABLE happened (
    subject text COLLATE "C",
    at      bigint
) ON COMMIT DROP;
