-- Extended statistics: they hold values of rows, and are renewed by ANALYZE only.
SELECT n.nspname::text AS schema, s.stxname::text AS name, s.stxrelid AS relation
FROM pg_statistic_ext s
JOIN pg_namespace n ON n.oid = s.stxnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
