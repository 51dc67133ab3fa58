WITH put AS (
    INSERT INTO mark (party) SELECT unnest($1::text[])
)
SELECT pg_notify('onefold_' || current_schema(), 'marks')
