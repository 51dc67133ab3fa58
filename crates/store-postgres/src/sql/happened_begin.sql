CREATE UNLOGGED TABLE happened (
    subject text COLLATE "C",
    at      bigint
);
