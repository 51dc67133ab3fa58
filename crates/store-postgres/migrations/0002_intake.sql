-- How far each reader of an intake topic is, per partition.
CREATE TABLE intake (
    reader    text COLLATE "C",
    topic     text COLLATE "C",
    partition integer,
    next      bigint NOT NULL,
    PRIMARY KEY (reader, topic, partition)
) WITH (fillfactor = 10);
