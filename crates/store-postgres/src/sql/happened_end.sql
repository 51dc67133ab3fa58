SET LOCAL enable_hashjoin = on;
SET LOCAL enable_seqscan = on;
ANALYZE happened;
UPDATE document d SET at = h.at FROM happened h WHERE h.subject = d.subject;
DROP TABLE happened;
