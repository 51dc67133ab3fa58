DELETE FROM written w
USING unnest($1::bigint[], $2::text[], $3::text[]) AS gone (place, prefix, subject)
WHERE w.place = gone.place
  AND w.subject = gone.subject
