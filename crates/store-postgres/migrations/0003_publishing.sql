-- Where publishing stands: one row, of the one publisher that is active.
CREATE TABLE publishing (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    enabled   boolean  NOT NULL DEFAULT false,
    version   bigint   NOT NULL DEFAULT 0,
    run       text     NOT NULL DEFAULT '',
    sweep     text,
    positions bigint[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 10);
INSERT INTO publishing DEFAULT VALUES;
INSERT INTO lease (name) VALUES ('publisher');

-- What no event names, in the order of the transactions that said so: an owner key, or what became of a customer.
CREATE TABLE outbox (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner  text COLLATE "C",
    note   text NOT NULL
);
-- A set's key is longer than a sorted index can hold.
CREATE INDEX outbox_by_owner ON outbox USING hash (owner);
