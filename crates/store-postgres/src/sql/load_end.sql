ALTER TABLE subject ADD PRIMARY KEY (key);
ALTER TABLE fact ADD PRIMARY KEY (subject, id);
ALTER TABLE owner ADD PRIMARY KEY (key);
CREATE UNIQUE INDEX owner_by_id ON owner (id) WHERE id IS NOT NULL;
ALTER TABLE document ADD PRIMARY KEY (owner, subject);
ALTER TABLE open_item ADD PRIMARY KEY (owner, due, subject);
ALTER TABLE holder ADD PRIMARY KEY (identifier, party);
CREATE INDEX holder_by_party ON holder (party);
ALTER TABLE decision ADD PRIMARY KEY (party, decision);
ALTER TABLE member ADD PRIMARY KEY (party);
CREATE INDEX member_by_cluster ON member (cluster);
DROP INDEX search_by_words;
INSERT INTO search (party, text, words)
SELECT party, text, array_to_tsvector(string_to_array(words, ' ')) FROM search_load;
CREATE INDEX search_by_words ON search USING gin (words);
DROP TABLE search_load;
ANALYZE;
