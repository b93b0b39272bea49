-- Columns of ordinary and partitioned tables; partitions too, since one may refuse NULL where its root does not.
SELECT a.attrelid AS relation,
       a.attname::text AS name,
       a.atttypid AS type,
       a.atttypmod AS typmod,
       format_type(a.atttypid, a.atttypmod) AS type_sql,
       coalesce(NOT l.collisdeterministic, false) AS nondeterministic,
       a.attnotnull AS not_null,
       -- From 18 on, NOT NULL may be NOT VALID: old rows may break it.
       EXISTS (SELECT FROM pg_constraint k
               WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]
                 AND NOT k.convalidated) AS not_null_in_part,
       a.attgenerated::text AS generated,
       a.attidentity::text AS identity,
       pg_get_expr(d.adbin, d.adrelid) AS expression,
       -- What a generated column is made of: a dependency of the default (15 and later) or of the column (13, 14).
       CASE WHEN a.attgenerated = '' THEN '{}'::text[] ELSE ARRAY(
           SELECT DISTINCT s.attname::text
           FROM pg_depend p
           JOIN pg_attribute s ON s.attrelid = p.refobjid AND s.attnum = p.refobjsubid
           WHERE p.refclassid = 'pg_class'::regclass AND p.refobjid = a.attrelid
             AND p.refobjsubid > 0 AND p.refobjsubid <> a.attnum
             AND ((p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid)
                  OR (p.classid = 'pg_class'::regclass AND p.objid = a.attrelid AND p.objsubid = a.attnum))) END AS made_of
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND a.attnum > 0 AND NOT a.attisdropped
