DELETE FROM document d
USING unnest($1::text[], $2::bigint[], $3::text[]) AS gone (owner, at, subject)
WHERE d.owner = gone.owner
  AND d.at = gone.at
  AND d.subject = gone.subject
