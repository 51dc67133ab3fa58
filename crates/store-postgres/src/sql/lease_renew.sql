UPDATE lease
SET holder = $1,
    epoch = $2,
    expires = clock_timestamp() + $3 * interval '1 millisecond',
    clusters = $4,
    ids = $5
WHERE name = 'resolver'
