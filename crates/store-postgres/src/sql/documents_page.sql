SELECT page.owner, page.subject
FROM unnest($1::text[]) AS asked (owner)
CROSS JOIN LATERAL (
    SELECT d.owner, d.subject FROM document d
    WHERE d.owner = asked.owner AND d.subject > $2
    ORDER BY d.subject LIMIT $3
) AS page
ORDER BY page.subject, page.owner
LIMIT $3
