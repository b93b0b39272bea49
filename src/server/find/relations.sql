-- Every relation that stores rows and has a column that may hold texts. A domain is what it is of, an array what its elements are.
WITH RECURSIVE base (oid, base) AS (
    SELECT oid, oid FROM pg_type WHERE typtype <> 'd'
    UNION ALL
    SELECT t.oid, b.base FROM pg_type AS t JOIN base AS b ON t.typtype = 'd' AND t.typbasetype = b.oid
)
SELECT n.nspname::text, c.relname::text, c.relkind::text, rn.nspname::text, rc.relname::text, c.relispartition,
    c.relispopulated, greatest(c.relpages, 0)::bigint + coalesce(greatest(toast.relpages, 0), 0)::bigint,
    array_agg(a.attname::text ORDER BY a.attnum),
    array_agg(CASE
        WHEN t.typnamespace <> 'pg_catalog'::regnamespace THEN 'printed'
        WHEN t.typname = 'bytea' THEN 'bytes'
        WHEN t.typname = 'tsvector' THEN 'words'
        WHEN t.typname IN ('json', 'jsonb') THEN 'document'
        ELSE 'text' END ORDER BY a.attnum),
    array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum),
    array_agg(has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT') ORDER BY a.attnum),
    ARRAY(
        SELECT k.attname::text
        FROM pg_index AS i, unnest(i.indkey::smallint[]) WITH ORDINALITY AS part (attnum, nth), pg_attribute AS k
        WHERE i.indrelid = c.oid AND i.indisprimary AND k.attrelid = c.oid AND k.attnum = part.attnum AND nth <= i.indnkeyatts
        ORDER BY nth
    ),
    coalesce((
        SELECT bool_and(has_column_privilege(c.oid, part.attnum, 'SELECT'))
        FROM pg_index AS i, unnest(i.indkey::smallint[]) AS part (attnum)
        WHERE i.indrelid = c.oid AND i.indisprimary
    ), true)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN base ON base.oid = a.atttypid
JOIN pg_type AS t ON t.oid = base.base
LEFT JOIN pg_type AS element ON element.oid = t.typelem AND t.typcategory = 'A'
LEFT JOIN base AS element_base ON element_base.oid = element.oid
LEFT JOIN pg_type AS e ON e.oid = element_base.base
LEFT JOIN pg_class AS toast ON toast.oid = c.reltoastrelid
LEFT JOIN pg_class AS rc ON c.relispartition AND rc.oid = pg_partition_root(c.oid)
LEFT JOIN pg_namespace AS rn ON rn.oid = rc.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f') AND coalesce(e.typcategory, t.typcategory) IN ('S', 'U', 'C', 'X', 'Z', 'I')
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'efface') AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
GROUP BY n.oid, n.nspname, c.oid, c.relname, c.relkind, c.relispartition, c.relispopulated, c.relpages, toast.relpages, rn.nspname, rc.relname
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
