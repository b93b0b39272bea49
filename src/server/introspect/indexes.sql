-- Indexes that rows are found by or refused by: an invalid unique one (its CREATE INDEX CONCURRENTLY failed, or not every
-- partition has it) finds none and still refuses. Expressions and predicates name their columns only inside the stored trees: pg_depend
-- lists them together, and does not tell one from the other, nor from INCLUDE.
SELECT i.indrelid AS relation,
       c.relname::text AS name,
       pg_get_indexdef(i.indexrelid) AS definition,
       i.indisunique AS is_unique,
       i.indisprimary AS is_primary,
       NOT i.indimmediate AS is_deferrable,
       i.indisvalid AS is_valid,
       i.indpred IS NOT NULL AS is_partial,
       -- An index of a partition that is part of its root's is told by the root's.
       c.relispartition AS is_attached,
       m.amname::text AS method,
       -- From 15 on; read by name, so that older servers accept the query.
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_not_distinct,
       ARRAY(SELECT a.attname::text
             FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
             WHERE k.place <= i.indnkeyatts AND k.attnum > 0
             ORDER BY k.place) AS key_columns,
       -- How many plain columns stand before the first expression.
       (SELECT count(*)
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
        WHERE k.place <= i.indnkeyatts
          AND k.place < coalesce((SELECT min(x.place)
                                  FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS x(attnum, place)
                                  WHERE x.attnum = 0), 32767)) AS leading,
       ARRAY(SELECT a.attname::text
             FROM pg_attribute a
             WHERE a.attrelid = i.indrelid AND a.attnum > 0
               AND a.attnum::text IN (SELECT x[1] FROM regexp_matches(i.indexprs::text, ':varattno (\d+)', 'g') AS x)
            ) AS expression_columns,
       ARRAY(SELECT a.attname::text
             FROM pg_attribute a
             WHERE a.attrelid = i.indrelid AND a.attnum > 0
               AND a.attnum::text IN (SELECT x[1] FROM regexp_matches(i.indpred::text, ':varattno (\d+)', 'g') AS x)
            ) AS predicate_columns
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am m ON m.oid = c.relam
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND i.indislive AND i.indisready AND (i.indisvalid OR i.indisunique)
