-- Who takes changes from this server: slots of this database and of whole servers, and what is connected. Of others' sessions
-- a role without the right to see them is told that there are some.
SELECT 'slot' AS kind, s.slot_name::text AS name, s.slot_type::text = 'logical' AS logical, s.active
FROM pg_replication_slots s
WHERE s.database IS NULL OR s.database = current_database()
UNION ALL
SELECT 'standby', coalesce(r.application_name, ''), false, true
FROM pg_stat_replication r
