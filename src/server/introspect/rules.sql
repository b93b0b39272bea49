-- Rewrite rules. The one that makes a view is the view.
SELECT r.ev_class AS relation,
       r.rulename::text AS name,
       r.ev_type::text AS event,
       r.is_instead AS instead,
       pg_get_ruledef(r.oid) AS definition
FROM pg_rewrite r
JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.ev_type <> '1' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
