column_types AS (
    SELECT coalesce(e.oid, t.oid) AS oid, c.oid AS relation, a.attname, a.attnum
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
    WHERE a.attnum > 0 AND NOT a.attisdropped
), relations AS (
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.reloptions FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
), types AS (
    SELECT DISTINCT t.oid
    FROM copied JOIN relations r USING (schema, name)
    JOIN column_types u ON u.relation = r.oid AND u.attname = copied.col
    JOIN pg_type t ON t.oid = u.oid
    WHERE t.oid >= 16384
), needed AS (
    -- What a default reads.
    SELECT DISTINCT d.refclassid, d.refobjid
    FROM defaulted JOIN relations r USING (schema, name)
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attname = defaulted.col
    JOIN pg_attrdef f ON f.adrelid = r.oid AND f.adnum = a.attnum
    JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
), functions AS (
    SELECT p.oid, p.oid::text AS group_of
    FROM needed d JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
    WHERE p.oid >= 16384
    UNION
    -- Several of one name: one of them may be enough.
    SELECT p.oid, concat(n.nspname, '.', p.proname)
    FROM called JOIN pg_proc p ON p.proname = called.name JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384
      AND CASE WHEN called.schema IS NULL THEN n.nspname IN (SELECT schema FROM path) ELSE n.nspname = called.schema END
), schemas AS (
    SELECT n.oid, n.nspname FROM path JOIN pg_namespace n ON n.nspname = path.schema WHERE n.nspname NOT IN ('pg_catalog', 'pg_temp')
    UNION
    SELECT n.oid, n.nspname FROM called JOIN pg_namespace n ON n.nspname = called.schema
    WHERE n.nspname !~ '^pg_' AND called.name IN (SELECT proname FROM pg_proc WHERE pronamespace = n.oid)
    UNION
    SELECT n.oid, n.nspname
    FROM tables JOIN relations r USING (schema, name)
    JOIN column_types u ON u.relation = r.oid
    JOIN pg_type t ON t.oid = u.oid
    JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.oid >= 16384
), objects (object, privilege, has, everybody) AS (
    SELECT concat('SCHEMA ', quote_ident(s.nspname)), 'USAGE', has_schema_privilege(s.oid, 'USAGE'), false FROM schemas s
    UNION
    SELECT concat('TYPE ', format_type(t.oid, NULL)), 'USAGE', has_type_privilege(t.oid, 'USAGE'),
           EXISTS (SELECT FROM aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) g WHERE g.grantee = 0)
    FROM types JOIN pg_type t ON t.oid = types.oid
    UNION
    SELECT concat('SEQUENCE ', s.oid::regclass::text), 'USAGE', has_sequence_privilege(s.oid, 'USAGE, UPDATE'), false
    FROM needed d JOIN pg_class s ON d.refclassid = 'pg_class'::regclass AND s.oid = d.refobjid AND s.relkind = 'S'
    UNION
    SELECT concat('FUNCTION ', p.oid::regprocedure::text), 'EXECUTE',
           bool_or(has_function_privilege(p.oid, 'EXECUTE')) OVER (PARTITION BY f.group_of),
           EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g WHERE g.grantee = 0)
    FROM functions f JOIN pg_proc p ON p.oid = f.oid
)
SELECT jsonb_build_object(
    'role', current_user, 'has_ledger', EXISTS (SELECT FROM relations WHERE schema = 'efface' AND name = 'ledger'),
     'database', current_database(),
    'objects', coalesce((SELECT jsonb_agg(to_jsonb(o) ORDER BY object, privilege) FROM objects o), '[]'),
    'definers', coalesce((SELECT jsonb_agg(DISTINCT signature) FROM fired JOIN pg_proc p ON p.oid = to_regprocedure(signature)
                          WHERE p.prosecdef), '[]'),
    'invoker_views', coalesce((SELECT jsonb_agg(r.oid::regclass::text ORDER BY r.oid::regclass::text)
                               FROM views JOIN relations r USING (schema, name)
                               WHERE EXISTS (SELECT FROM unnest(r.reloptions) o
                                             WHERE CASE WHEN o LIKE 'security_invoker=%'
                                                        THEN split_part(o, '=', 2)::boolean END)), '[]'))::text
