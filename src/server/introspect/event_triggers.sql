-- Event triggers: they hang on no relation.
SELECT evtname::text AS name
FROM pg_event_trigger
