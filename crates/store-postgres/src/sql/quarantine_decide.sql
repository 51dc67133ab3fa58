UPDATE quarantine q
SET decision = n.decision, why = n.why
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n (number, decision, why)
WHERE q.number = n.number AND q.decision = ''
