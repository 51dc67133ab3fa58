-- Documents of an owner stand by time. Of those that there are already the program, which can read a state, tells when they
-- happened; an older program, which does not know it, can write none.
ALTER TABLE document ADD COLUMN at bigint NOT NULL DEFAULT 0;
ALTER TABLE document ALTER COLUMN at DROP DEFAULT;
ALTER TABLE document DROP CONSTRAINT document_pkey;
ALTER TABLE document ADD PRIMARY KEY (owner, at, subject);
