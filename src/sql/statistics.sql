WITH RECURSIVE root AS (
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = $2
), below AS (
    SELECT oid FROM root
    UNION
    SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN below b ON i.inhparent = b.oid
), relations AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relowner, c.reltuples, r.oid IS NOT NULL AS is_root,
           c.relispartition,
           pg_catalog.pg_has_role(c.relowner, 'USAGE')
             OR pg_catalog.pg_has_role(d.datdba, 'USAGE')
             OR CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 170000
                THEN pg_catalog.has_table_privilege(c.oid, 'MAINTAIN') ELSE false END AS may,
           -- A role that sees some rows only is shown no statistics.
           c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AS filtered
    FROM below b
    JOIN pg_catalog.pg_class c ON c.oid = b.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
    LEFT JOIN root r ON r.oid = c.oid
    -- Tables that inherit are others, with rows of their own; their rows count where all below are meant.
    WHERE r.oid IS NOT NULL OR c.relispartition
), parts AS (
    -- Of each its own rows, and, where there are tables below, the rows of all of them.
    SELECT r.*, false AS inherited, r.may AND r.reltuples <= 0 AS empty
    FROM relations r WHERE r.relkind <> 'p'
    UNION ALL
    SELECT r.*, true, r.may AND NOT EXISTS (
        WITH RECURSIVE under AS (
            SELECT r.oid
            UNION
            SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN under u ON i.inhparent = u.oid)
        SELECT FROM under u JOIN pg_catalog.pg_class c ON c.oid = u.oid WHERE c.relkind <> 'p' AND c.reltuples > 0)
    FROM relations r
    WHERE EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = r.oid)
), columns AS (
    SELECT p.*, a.attname, a.attnum, a.atttypid, NULL::pg_catalog.oid AS index,
           -- Before 17 the default is -1, from 17 on NULL.
           coalesce(a.attstattarget, -1) = 0 AS off,
           'r.' || pg_catalog.quote_ident(a.attname) AS expression,
           -- A column that a partition key or a view reads can't be altered.
           CASE WHEN NOT EXISTS (
               SELECT FROM pg_catalog.pg_depend v
               WHERE v.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                 AND v.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                 AND v.refobjid IN (SELECT oid FROM below) AND v.refobjsubid > 0
                 AND (SELECT va.attname FROM pg_catalog.pg_attribute va
                      WHERE va.attrelid = v.refobjid AND va.attnum = v.refobjsubid) = a.attname)
             AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_partitioned_table k
               JOIN pg_catalog.pg_attribute ka ON ka.attrelid = k.partrelid AND ka.attname = a.attname
               WHERE k.partrelid IN (SELECT oid FROM below)
                 AND (k.partexprs IS NOT NULL OR ka.attnum = ANY (k.partattrs::pg_catalog.int2[])))
           THEN pg_catalog.format_type(a.atttypid, a.atttypmod)
             || CASE WHEN a.attcollation <> t.typcollation
                THEN ' COLLATE ' || pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(l.collname) ELSE '' END
           END AS type_sql
    FROM parts p
    JOIN pg_catalog.pg_attribute a ON a.attrelid = p.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = l.collnamespace
    WHERE $3::pg_catalog.text[] IS NULL OR a.attname::pg_catalog.text = ANY ($3::pg_catalog.text[])
    UNION ALL
    -- Expressions of indexes, whichever columns they read.
    SELECT p.*, a.attname, a.attnum, a.atttypid, i.indexrelid, coalesce(a.attstattarget, -1) = 0,
           pg_catalog.pg_get_indexdef(i.indexrelid, a.attnum, false), NULL
    FROM parts p
    JOIN pg_catalog.pg_index i ON i.indrelid = p.oid AND i.indexprs IS NOT NULL
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indexrelid AND (i.indkey::pg_catalog.int2[])[a.attnum - 1] = 0
    WHERE NOT p.inherited
), plain AS (
    SELECT c.*, coalesce(xn.nspname, c.nspname) AS held_schema, coalesce(x.relname, c.relname) AS held_name,
           pg_catalog.has_column_privilege(coalesce(c.index, c.oid), c.attnum, 'SELECT') AND NOT c.filtered AS visible
    FROM columns c
    LEFT JOIN pg_catalog.pg_class x ON x.oid = c.index
    LEFT JOIN pg_catalog.pg_namespace xn ON xn.oid = x.relnamespace
    WHERE NOT c.may OR c.empty OR c.off
)
SELECT p.nspname::pg_catalog.text, p.relname::pg_catalog.text, p.relkind::pg_catalog.text,
       CASE WHEN p.index IS NOT NULL THEN p.held_schema::pg_catalog.text END,
       CASE WHEN p.index IS NOT NULL THEN p.held_name::pg_catalog.text END,
       p.attname::pg_catalog.text, p.expression, p.type_sql, p.inherited,
       CASE WHEN t.typcategory = 'A' THEN 'e'
            WHEN p.atttypid = 'pg_catalog.tsvector'::pg_catalog.regtype THEN 'l'
            WHEN t.typtype IN ('r', 'm') THEN 'b' ELSE 'v' END,
       CASE WHEN NOT p.may THEN 'r' WHEN p.empty THEN 'e' ELSE 't' END,
       p.visible,
       CASE WHEN p.index IS NOT NULL THEN pg_catalog.pg_get_indexdef(p.index) END
FROM plain p
JOIN pg_catalog.pg_type t ON t.oid = p.atttypid
-- One look for each, or all statistics of the database would be read.
LEFT JOIN LATERAL (
    SELECT x.most_common_vals, x.histogram_bounds, x.most_common_elems,
           pg_catalog.to_jsonb(x) ->> 'range_bounds_histogram' AS range_bounds
    FROM pg_catalog.pg_stats x
    WHERE x.schemaname = p.held_schema AND x.tablename = p.held_name AND x.attname = p.attname AND x.inherited = p.inherited
    LIMIT 1
) AS s ON true
WHERE NOT p.visible
   OR s.most_common_vals IS NOT NULL OR s.histogram_bounds IS NOT NULL OR s.most_common_elems IS NOT NULL
   OR s.range_bounds IS NOT NULL
UNION ALL
-- Extended statistics over combinations of values, and over expressions.
SELECT p.nspname::pg_catalog.text, p.relname::pg_catalog.text, p.relkind::pg_catalog.text,
       en.nspname::pg_catalog.text, e.stxname::pg_catalog.text,
       coalesce(k.attname::pg_catalog.text, '?'), coalesce('r.' || pg_catalog.quote_ident(k.attname), '?'), NULL, p.inherited,
       coalesce(k.place, 0)::pg_catalog.text,
       CASE WHEN NOT p.may THEN 'r' WHEN p.empty THEN 'e' ELSE 't' END,
       s.statistics_name IS NOT NULL,
       pg_catalog.pg_get_statisticsobjdef(e.oid)
FROM parts p
JOIN pg_catalog.pg_statistic_ext e ON e.stxrelid = p.oid
JOIN pg_catalog.pg_namespace en ON en.oid = e.stxnamespace
-- Their expressions (14 and later) stand in a view of their own: number 0.
LEFT JOIN LATERAL (
    SELECT a.attname, u.place
    FROM pg_catalog.unnest(e.stxkeys::pg_catalog.int2[]) WITH ORDINALITY AS u (attnum, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = p.oid AND a.attnum = u.attnum
    WHERE $3::pg_catalog.text[] IS NULL OR a.attname::pg_catalog.text = ANY ($3::pg_catalog.text[])
) AS k ON true
LEFT JOIN LATERAL (
    SELECT x.statistics_name, x.most_common_vals FROM pg_catalog.pg_stats_ext x
    WHERE x.statistics_schemaname = en.nspname AND x.statistics_name = e.stxname
      AND coalesce((pg_catalog.to_jsonb(x) ->> 'inherited')::pg_catalog.bool, p.inherited) = p.inherited
    LIMIT 1
) AS s ON true
WHERE (NOT p.may OR p.empty OR coalesce((pg_catalog.to_jsonb(e) ->> 'stxstattarget')::pg_catalog.int4, -1) = 0)
  AND k.place IS NOT NULL
  AND e.stxkind::pg_catalog.text[] && ARRAY['m']
  AND (s.most_common_vals IS NOT NULL
       OR NOT pg_catalog.has_table_privilege(p.oid, 'SELECT') OR p.filtered)
UNION ALL
-- Those over expressions (14 and later): what they hold stands in a view that older servers lack, so that isn't asked.
SELECT p.nspname::pg_catalog.text, p.relname::pg_catalog.text, p.relkind::pg_catalog.text,
       en.nspname::pg_catalog.text, e.stxname::pg_catalog.text, 'expressions', '', NULL, p.inherited, 'b',
       CASE WHEN NOT p.may THEN 'r' WHEN p.empty THEN 'e' ELSE 't' END,
       pg_catalog.has_table_privilege(p.oid, 'SELECT') AND NOT p.filtered,
       pg_catalog.pg_get_statisticsobjdef(e.oid)
FROM parts p
JOIN pg_catalog.pg_statistic_ext e ON e.stxrelid = p.oid
JOIN pg_catalog.pg_namespace en ON en.oid = e.stxnamespace
WHERE (NOT p.may OR p.empty OR coalesce((pg_catalog.to_jsonb(e) ->> 'stxstattarget')::pg_catalog.int4, -1) = 0)
  AND e.stxkind::pg_catalog.text[] && ARRAY['e']
ORDER BY 1, 2, 4 NULLS FIRST, 5, 9, 6
