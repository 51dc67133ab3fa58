DELETE FROM former f
USING unnest($1::text[], $2::text[]) AS gone (key, subject)
WHERE f.key = gone.key
  AND f.subject = gone.subject
