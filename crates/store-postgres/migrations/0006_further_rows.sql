-- Facts of long histories, one row each; the id is fact, id and digest, so that a fact's versions and copies stand together.
-- Histories that are long already are parted by the program, which can read a state.
CREATE TABLE fact (
    subject text COLLATE "C",
    id      bytea,
    state   bytea NOT NULL,
    PRIMARY KEY (subject, id)
);
