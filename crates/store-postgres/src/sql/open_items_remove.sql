DELETE FROM open_item i
USING unnest($1::text[], $2::bigint[], $3::text[]) AS gone (owner, due, subject)
WHERE i.owner = gone.owner
  AND i.due = gone.due
  AND i.subject = gone.subject
