DELETE FROM document d
USING unnest($1::text[], $2::text[]) AS gone (owner, subject)
WHERE d.owner = gone.owner
  AND d.subject = gone.subject
