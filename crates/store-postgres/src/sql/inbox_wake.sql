WITH put AS (
    INSERT INTO inbox (party) SELECT DISTINCT party FROM holder WHERE identifier = ANY($1)
)
SELECT pg_notify('onefold_' || current_schema(), 'inbox')
