UPDATE publishing
SET enabled = $1,
    sweep = '',
    run = gen_random_uuid()::text,
    positions = ARRAY(SELECT next FROM position ORDER BY partition)
