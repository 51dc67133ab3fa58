-- Numbers stand for keys, so that rows are written near those written just before; texts stand once, in subject or owner.
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
-- A key's place (63 bits; the next free one where two keys share it) and its number.
CREATE TABLE key (place INTEGER PRIMARY KEY, num INTEGER NOT NULL);
CREATE TABLE position (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL);
-- By which records the log is known.
CREATE TABLE fingerprint (partition INTEGER PRIMARY KEY, at INTEGER NOT NULL, digest BLOB NOT NULL);
CREATE TABLE digest (name TEXT PRIMARY KEY, sum BLOB NOT NULL) WITHOUT ROWID;
-- Documents by where their numbers stand: by their last digits, which are counted up.
CREATE TABLE number (place INTEGER, subject INTEGER, PRIMARY KEY (place, subject)) WITHOUT ROWID;
-- The same by the numbers that stand on them, where their subjects say others; with what stands before the last digits.
CREATE TABLE written (place INTEGER, subject INTEGER, prefix TEXT NOT NULL, PRIMARY KEY (place, subject)) WITHOUT ROWID;
CREATE TABLE subject (num INTEGER PRIMARY KEY, key TEXT NOT NULL, state BLOB NOT NULL);
-- Facts of long histories, one row each; the id is fact, id and digest, so that a fact's versions and copies stand together.
CREATE TABLE fact (subject INTEGER, id BLOB, state BLOB NOT NULL, PRIMARY KEY (subject, id)) WITHOUT ROWID;
-- What stands under an owner key is in its row (few) while it is little, as for nearly everybody; then in rows of owned, and few is
-- NULL: in list 0 its documents, by when they happened; in list 1 its open items, by the day on which they fall due. States, few and
-- items end with a checksum over themselves and over where they stand; of a document the item is nothing else.
CREATE TABLE owner (num INTEGER PRIMARY KEY, key TEXT NOT NULL, first_seen INTEGER, bundle BLOB NOT NULL, digest BLOB NOT NULL, few BLOB DEFAULT x'');
CREATE TABLE owned (owner INTEGER, list INTEGER, at INTEGER, subject INTEGER, item BLOB, PRIMARY KEY (owner, list, at, subject)) WITHOUT ROWID;
CREATE TABLE holder (identifier INTEGER, party INTEGER, present INTEGER NOT NULL, PRIMARY KEY (identifier, party)) WITHOUT ROWID;
CREATE TABLE set_member (atom INTEGER, owner INTEGER, PRIMARY KEY (atom, owner)) WITHOUT ROWID;
CREATE TABLE decision (party INTEGER, decision INTEGER, PRIMARY KEY (party, decision)) WITHOUT ROWID;
-- Subjects by what they once named, where no other index leads from that to them.
CREATE TABLE former (key INTEGER, subject INTEGER, PRIMARY KEY (key, subject)) WITHOUT ROWID;
-- Only parties that share a customer with another one; the cluster is the number of its earliest party, whose id it bears.
CREATE TABLE member (party INTEGER PRIMARY KEY, cluster INTEGER NOT NULL);
CREATE INDEX member_by_cluster ON member (cluster);
-- Subjects about which a decision of a person stands: found by the decision's event, of whose ids there is no index.
CREATE TABLE decided (subject INTEGER PRIMARY KEY);
CREATE TABLE inbox (party INTEGER PRIMARY KEY);
CREATE TABLE mark (party INTEGER PRIMARY KEY);
CREATE TABLE search (party INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE VIRTUAL TABLE search_index USING fts5 (words, content = '', contentless_delete = 1, detail = none, prefix = '2 3', tokenize = 'unicode61 remove_diacritics 0');
CREATE TABLE quarantine (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, connector TEXT NOT NULL, codes TEXT NOT NULL, decision TEXT NOT NULL, entry TEXT NOT NULL, raw BLOB NOT NULL);
