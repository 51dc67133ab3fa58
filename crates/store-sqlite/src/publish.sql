-- What is published stands beside the read model: a file from before has none of it.
CREATE TABLE IF NOT EXISTS publishing (one INTEGER PRIMARY KEY CHECK (one = 1), enabled INTEGER NOT NULL, version INTEGER NOT NULL, run TEXT NOT NULL, sweep TEXT);
INSERT OR IGNORE INTO publishing VALUES (1, 0, 0, '', NULL);
CREATE TABLE IF NOT EXISTS followed (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, note TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_by_note ON outbox (note);
