SELECT page.owner, page.at, page.subject
FROM unnest($1::text[]) AS asked (owner)
CROSS JOIN LATERAL (
    SELECT d.owner, d.at, d.subject FROM document d
    WHERE d.owner = asked.owner AND (d.at, d.subject) > ($2, $3)
    ORDER BY d.at, d.subject LIMIT $4
) AS page
ORDER BY page.at, page.subject, page.owner
LIMIT $4
