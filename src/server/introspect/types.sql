-- The types of those columns, down through domains, arrays, fields and bounds, and every domain and enum that users made.
WITH RECURSIVE used(oid) AS (
    (SELECT a.atttypid
     FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND a.attnum > 0 AND NOT a.attisdropped
     UNION
     SELECT t.oid
     FROM pg_type t
     JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE t.typtype IN ('d', 'e') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
    UNION
    SELECT v.next
    FROM used
    JOIN pg_type t ON t.oid = used.oid
    CROSS JOIN LATERAL (
        VALUES (t.typbasetype), (t.typelem)
        UNION ALL
        SELECT a.atttypid FROM pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        -- Multiranges are known from 14 on; read by name, so that older servers accept the query.
        SELECT r.rngsubtype FROM pg_range r
        WHERE t.typtype IN ('r', 'm') AND t.oid::text IN (r.rngtypid::text, to_jsonb(r) ->> 'rngmultitypid')
    ) AS v(next)
    WHERE v.next <> 0
)
SELECT t.oid,
       n.nspname::text AS schema,
       t.typname::text AS name,
       t.typtype::text AS kind,
       t.typbasetype AS base,
       t.typtypmod AS base_typmod,
       -- int2vector and point have elements too, and are no arrays.
       CASE WHEN e.typarray = t.oid THEN t.typelem ELSE 0 END AS element,
       t.typnotnull AS not_null,
       pg_get_expr(t.typdefaultbin, 0) AS expression,
       format_type(t.oid, NULL) AS type_sql,
       ARRAY(SELECT l.enumlabel::text FROM pg_enum l WHERE l.enumtypid = t.oid ORDER BY l.enumsortorder) AS labels,
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum) AS field_names,
       ARRAY(SELECT a.atttypid FROM pg_attribute a
             WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum) AS field_types,
       ARRAY(SELECT a.atttypmod FROM pg_attribute a
             WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum) AS field_typmods,
       (SELECT r.rngsubtype FROM pg_range r
        WHERE t.typtype IN ('r', 'm')
          AND t.oid::text IN (r.rngtypid::text, to_jsonb(r) ->> 'rngmultitypid')) AS subtype,
       (SELECT x.extname::text
        FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
        WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid
          AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e') AS extension
FROM used
JOIN pg_type t ON t.oid = used.oid
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type e ON e.oid = t.typelem
