-- The functions that triggers call, and those that these may call in turn: users' own, in languages that can be read.
SELECT p.oid,
       p.oid::regprocedure::text AS signature,
       p.proname::text AS name,
       l.lanname::text AS language,
       p.prosrc AS source,
       -- BEGIN ATOMIC (14 and later): a stored tree, whose text is not in the catalog.
       to_jsonb(p) ->> 'prosqlbody' IS NOT NULL AS is_tree,
       t.tgfoid IS NOT NULL AS is_called_by_trigger
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN (SELECT DISTINCT tgfoid FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0) t ON t.tgfoid = p.oid
WHERE t.tgfoid IS NOT NULL
   -- Below 16384 is what initdb made; looking at its thousands of functions more closely is most of the work.
   OR (p.oid >= 16384
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND l.lanname IN ('sql', 'plpgsql')
       AND EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal)
       AND NOT EXISTS (SELECT FROM pg_depend d
                       WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
