SELECT asked.owner, item.item
FROM unnest($1::text[]) AS asked (owner)
CROSS JOIN LATERAL (
    SELECT i.item FROM open_item i WHERE i.owner = asked.owner ORDER BY i.due LIMIT $2
) AS item
