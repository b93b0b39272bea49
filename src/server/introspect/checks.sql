-- CHECK constraints of tables and domains, and exclusion constraints.
SELECT k.contype::text AS kind,
       k.conrelid AS relation,
       k.contypid AS type,
       k.conname::text AS name,
       -- A partition's own: not handed down from its root.
       k.coninhcount = 0 AND k.conparentid = 0 AS own,
       k.convalidated AS is_valid,
       pg_get_expr(k.conbin, k.conrelid) AS expression,
       pg_get_constraintdef(k.oid) AS definition,
       -- The columns of an exclusion's expressions and predicate stand only in its index's stored trees. A CHECK over the
       -- whole row reads column 0.
       ARRAY(SELECT a.attname::text
             FROM pg_attribute a
             LEFT JOIN pg_index i ON k.contype = 'x' AND i.indexrelid = k.conindid
             WHERE a.attrelid = k.conrelid AND a.attnum > 0 AND NOT a.attisdropped
               AND (a.attnum = ANY (k.conkey)
                    OR k.contype = 'c' AND 0 = ANY (k.conkey)
                    OR a.attnum::text IN (
                        SELECT m[1]
                        FROM regexp_matches(concat(i.indexprs::text, i.indpred::text), ':varattno (\d+)', 'g') AS m))
            ) AS columns
FROM pg_constraint k
JOIN pg_namespace n ON n.oid = k.connamespace
WHERE k.contype IN ('c', 'x') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  -- NOT ENFORCED exists from 18 on; read by name, so that older servers accept the query.
  AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
