WITH put AS (
    INSERT INTO inbox (party) SELECT unnest($1::text[])
)
SELECT pg_notify('onefold_' || current_schema(), 'inbox')
