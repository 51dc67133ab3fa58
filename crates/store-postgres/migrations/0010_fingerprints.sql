-- By which records the log is known that the rows were made of.
CREATE TABLE fingerprint (
    partition integer PRIMARY KEY,
    at        bigint NOT NULL,
    digest    bytea NOT NULL
);
