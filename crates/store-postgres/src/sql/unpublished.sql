SELECT p.enabled, p.sweep IS NOT NULL,
       (SELECT count(*) FROM outbox),
       ARRAY(SELECT GREATEST(s.next - COALESCE(p.positions[s.partition + 1], 0), 0) FROM position s ORDER BY s.partition)
FROM publishing p
