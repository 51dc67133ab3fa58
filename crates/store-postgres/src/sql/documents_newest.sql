SELECT page.owner, page.at, page.subject
FROM unnest($1::text[]) AS asked (owner)
CROSS JOIN LATERAL (
    SELECT d.owner, d.at, d.subject FROM document d
    WHERE d.owner = asked.owner AND (d.at, d.subject) < ($2, $3)
    ORDER BY d.at DESC, d.subject DESC LIMIT $4
) AS page
ORDER BY page.at DESC, page.subject DESC, page.owner DESC
LIMIT $4
