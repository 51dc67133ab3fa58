-- Keys (subjects, owner keys, identifiers, parties) stand as texts, compared byte by byte; states, bundles and items are
-- protobuf in their canonical encoding. Rows that are written again and again leave room on their page, so that a new
-- version stays beside the old one and no index is touched.

-- What the read model was made under.
CREATE TABLE meta (
    name  text PRIMARY KEY,
    value text NOT NULL
);

-- Where each partition's projection stands, with what it has added to the sums over everything: no row is everybody's.
CREATE TABLE position (
    partition  integer PRIMARY KEY,
    next       bigint  NOT NULL DEFAULT 0,
    bundles    bytea   NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    clusters   bytea   NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    ids        bytea   NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    subjects   bigint  NOT NULL DEFAULT 0,
    parties    bigint  NOT NULL DEFAULT 0,
    conflicts  bigint  NOT NULL DEFAULT 0,
    documents  bigint  NOT NULL DEFAULT 0,
    money      bytea   NOT NULL DEFAULT ''
) WITH (fillfactor = 10);

-- Who resolves, until when, and what resolving has added to the sums over everything.
CREATE TABLE lease (
    name     text COLLATE "C" PRIMARY KEY,
    holder   uuid,
    epoch    bigint      NOT NULL DEFAULT 0,
    expires  timestamptz NOT NULL DEFAULT '-infinity',
    clusters bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    ids      bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
) WITH (fillfactor = 10);
INSERT INTO lease (name) VALUES ('resolver');

CREATE TABLE subject (
    key   text COLLATE "C" PRIMARY KEY,
    state bytea NOT NULL
) WITH (fillfactor = 85);

-- A party's id is UUIDv5 of its key; other owners have none.
CREATE TABLE owner (
    key        text COLLATE "C" PRIMARY KEY,
    first_seen bigint,
    id         uuid,
    digest     bytea NOT NULL,
    bundle     bytea NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX owner_by_id ON owner (id) WHERE id IS NOT NULL;

-- Owner keys too long for an index: what stands for each in rows, and its text.
CREATE TABLE long_key (
    short text COLLATE "C" PRIMARY KEY,
    key   text COLLATE "C" NOT NULL
);

CREATE TABLE document (
    owner   text COLLATE "C",
    subject text COLLATE "C",
    PRIMARY KEY (owner, subject)
);

CREATE TABLE open_item (
    owner   text COLLATE "C",
    due     bigint,
    subject text COLLATE "C",
    item    bytea NOT NULL,
    PRIMARY KEY (owner, due, subject)
);

CREATE TABLE holder (
    identifier text COLLATE "C",
    party      text COLLATE "C",
    present    boolean NOT NULL,
    PRIMARY KEY (identifier, party)
);
CREATE INDEX holder_by_party ON holder (party);

CREATE TABLE set_member (
    atom  text COLLATE "C",
    owner text COLLATE "C",
    PRIMARY KEY (atom, owner)
);

CREATE TABLE decision (
    party    text COLLATE "C",
    decision text COLLATE "C",
    PRIMARY KEY (party, decision)
);

-- Only parties that share a customer with another one; the cluster is its earliest party, whose id it bears.
CREATE TABLE member (
    party   text COLLATE "C" PRIMARY KEY,
    cluster text COLLATE "C" NOT NULL
);
CREATE INDEX member_by_cluster ON member (cluster);

-- Queues. A row says "again, please", and the same may be said many times: no writer ever meets another's row, waits for
-- who claims one, or mistakes one that is being claimed for its own.
CREATE TABLE inbox (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party  text COLLATE "C" NOT NULL
);
CREATE INDEX inbox_by_party ON inbox (party);
CREATE TABLE mark (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party  text COLLATE "C" NOT NULL
);

-- A text may hold any character; the words are those of the text, as the port cuts them.
CREATE TABLE search (
    party text COLLATE "C" PRIMARY KEY,
    text  bytea    NOT NULL,
    words tsvector NOT NULL
);
CREATE INDEX search_by_words ON search USING gin (words);

CREATE TABLE quarantine (
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key       bytea NOT NULL UNIQUE,
    connector text  NOT NULL,
    codes     text  NOT NULL,
    decision  text  NOT NULL,
    why       text  NOT NULL,
    entry     text  NOT NULL,
    raw       bytea NOT NULL
);
CREATE INDEX quarantine_open ON quarantine (number) WHERE decision = '';
