DROP INDEX search_by_words;
INSERT INTO search (party, text, words)
SELECT party, text, array_to_tsvector(string_to_array(words, ' ')) FROM search_load;
CREATE INDEX search_by_words ON search USING gin (words);
DROP TABLE search_load;
ANALYZE search;
