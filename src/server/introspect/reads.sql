-- What views and materialized views read, one level deep. A reference to a whole row is noted like one to the table alone,
-- and hides behind references to single columns: only the stored tree tells. Looking there is for materialized views alone.
SELECT r.ev_class AS reader,
       d.refobjid AS read,
       bool_or(d.refobjsubid = 0)
         OR (EXISTS (SELECT FROM pg_class WHERE relkind = 'm')
             AND (SELECT w.ev_action::text ~ ':varattno 0 ' FROM pg_rewrite w WHERE w.oid = r.oid)) AS whole,
       coalesce(array_agg(a.attname::text) FILTER (WHERE a.attname IS NOT NULL), '{}') AS columns
FROM pg_rewrite r
JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
GROUP BY r.oid, r.ev_class, d.refobjid
