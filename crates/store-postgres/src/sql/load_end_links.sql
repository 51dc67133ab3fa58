ALTER TABLE document ADD PRIMARY KEY (owner, at, subject);
ALTER TABLE open_item ADD PRIMARY KEY (owner, due, subject);
ALTER TABLE holder ADD PRIMARY KEY (identifier, party);
CREATE INDEX holder_by_party ON holder (party);
ALTER TABLE decision ADD PRIMARY KEY (party, decision);
ALTER TABLE member ADD PRIMARY KEY (party);
CREATE INDEX member_by_cluster ON member (cluster);
ANALYZE document, open_item, holder, decision, member, decided, set_member, long_key, position;
