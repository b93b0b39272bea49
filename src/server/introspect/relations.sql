-- Every relation of users' schemas, and composite types. Indexes and TOAST are part of their tables, and a column's own
-- sequence is part of the column. efface's own ledger, where all of it is there, is no part of what it erases from.
SELECT c.oid,
       n.nspname::text AS schema,
       c.relname::text AS name,
       c.relkind::text AS kind,
       c.relispartition AS is_partition,
       c.relrowsecurity AS row_security,
       c.relforcerowsecurity AS row_security_forced,
       c.reltuples::float8 AS rows,
       c.relpages AS pages,
       has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AS readable,
       c.relispopulated AS populated,
       -- Who may refresh it: its owner, and from 17 on whoever may MAINTAIN it, a privilege that older servers don't know.
       c.relkind = 'm' AND (pg_has_role(c.relowner, 'USAGE')
         OR CASE WHEN current_setting('server_version_num')::int4 >= 170000
            THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END) AS maintained,
       -- What REFRESH … CONCURRENTLY needs.
       c.relkind = 'm' AND EXISTS (
           SELECT FROM pg_index i
           WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid
             AND i.indpred IS NULL AND i.indexprs IS NULL) AS unique_rows,
       pg_get_partkeydef(c.oid) AS partition_key,
       -- A key's expressions name their columns only inside the stored tree.
       ARRAY(SELECT a.attname::text
             FROM pg_partitioned_table p
             JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE p.partrelid = c.oid
               AND (a.attnum = ANY (p.partattrs::int2[])
                    OR a.attnum::text IN (SELECT m[1] FROM regexp_matches(p.partexprs::text, ':varattno (\d+)', 'g') AS m))
               AND a.attnum > 0) AS partition_columns,
       (SELECT e.extname::text
        FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
          AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e') AS extension
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND c.relkind NOT IN ('i', 'I', 't')
  AND NOT (n.nspname = 'efface' AND c.relname IN ('version', 'control', 'salt', 'turn', 'ledger', 'erased')
           AND (SELECT count(*) = 6 FROM pg_class l
                WHERE l.relnamespace = n.oid AND l.relkind = 'r'
                  AND l.relname IN ('version', 'control', 'salt', 'turn', 'ledger', 'erased')))
  AND NOT (c.relkind = 'S' AND EXISTS (
      SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass
        AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')))
