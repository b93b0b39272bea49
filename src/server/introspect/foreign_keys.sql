-- Foreign keys, without those that a partition has from its root's or that the server keeps for a root's partitions.
SELECT k.conname::text AS name,
       n.nspname::text AS schema,
       k.conrelid AS child,
       k.confrelid AS parent,
       k.confdeltype::text AS on_delete,
       k.confupdtype::text AS on_update,
       k.confmatchtype::text AS match,
       k.condeferrable AS is_deferrable,
       k.condeferred AS is_deferred,
       -- These three exist from 18, 15 and 18 on; read by name, so that older servers accept the query.
       k.convalidated AND coalesce((j.row ->> 'conenforced')::boolean, true) AS is_valid,
       -- A key is its triggers, here and in partitions: without them nothing is checked, whatever the constraint says.
       NOT coalesce((j.row ->> 'conenforced')::boolean, true)
         OR EXISTS (SELECT FROM pg_trigger t
                    WHERE t.tgenabled IN ('D', 'R')
                      AND t.tgconstraint IN (SELECT k.oid UNION ALL
                                             SELECT p.oid FROM pg_constraint p WHERE p.conparentid = k.oid)) AS is_unenforced,
       coalesce((j.row ->> 'conperiod')::boolean, false) AS is_temporal,
       ARRAY(SELECT a.attname::text
             FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(j.row -> 'confdelsetcols') = 'array'
                                                 THEN j.row -> 'confdelsetcols' ELSE '[]' END) AS s(attnum)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = s.attnum::int2) AS set_columns,
       ARRAY(SELECT a.attname::text
             FROM unnest(k.conkey) WITH ORDINALITY AS p(attnum, place)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.attnum
             ORDER BY p.place) AS child_columns,
       ARRAY(SELECT a.attname::text
             FROM unnest(k.confkey) WITH ORDINALITY AS p(attnum, place)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = p.attnum
             ORDER BY p.place) AS parent_columns
FROM pg_constraint k
JOIN pg_namespace n ON n.oid = k.connamespace
CROSS JOIN LATERAL to_jsonb(k) AS j(row)
WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
