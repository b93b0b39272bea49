-- What views and materialized views read, one level deep.
SELECT DISTINCT r.ev_class AS reader, d.refobjid AS read
FROM pg_rewrite r
JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
