INSERT INTO search (party, text, words)
SELECT n.party, n.text, array_to_tsvector(string_to_array(n.words, ' '))
FROM unnest($1::text[], $2::bytea[], $3::text[]) AS n (party, text, words)
ON CONFLICT (party) DO UPDATE SET text = excluded.text, words = excluded.words
WHERE search.text <> excluded.text
