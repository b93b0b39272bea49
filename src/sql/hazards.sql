path AS (
    SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_namespace n WHERE n.nspname IN (SELECT schema FROM wanted)
), here AS (
    SELECT oid, datdba FROM pg_database WHERE datname = current_database()
), trusted (oid) AS (
    SELECT datdba FROM here
    UNION SELECT oid FROM pg_roles WHERE rolname = current_user
    UNION SELECT nspowner FROM path
    UNION SELECT c.relowner
    FROM tables t JOIN pg_namespace n ON n.nspname = t.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
), others AS (
    SELECT r.oid, r.rolname::text AS name
    FROM pg_roles r, here
    WHERE r.rolcanlogin AND NOT r.rolsuper AND has_database_privilege(r.oid, here.oid, 'CONNECT')
      AND NOT EXISTS (SELECT FROM trusted t WHERE pg_has_role(r.oid, t.oid, 'MEMBER'))
), creators AS (
    SELECT p.nspname::text AS schema, o.name AS role,
           CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END AS granted_to
    FROM path p
    CROSS JOIN LATERAL aclexplode(coalesce(p.nspacl, acldefault('n', p.nspowner))) g
    JOIN others o ON g.grantee = 0 OR pg_has_role(o.oid, g.grantee, 'MEMBER')
    WHERE g.privilege_type = 'CREATE'
), of_extensions AS (
    SELECT d.classid, d.objid FROM pg_depend d WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
), strange AS (
    -- Types that no expression has unless somebody means them: of users' making, neither domain nor enum.
    SELECT t.oid
    FROM pg_type t
    LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
    WHERE t.oid >= 16384
      AND coalesce(e.typtype, t.typtype) NOT IN ('d', 'e')
      AND coalesce(e.oid, t.oid) NOT IN (SELECT objid FROM of_extensions WHERE classid = 'pg_type'::regclass)
), operators AS (
    SELECT o.oid, o.oprname::text AS name, o.oprowner AS owner
    FROM pg_operator o
    WHERE o.oprnamespace IN (SELECT oid FROM path)
      AND o.oid NOT IN (SELECT objid FROM of_extensions WHERE classid = 'pg_operator'::regclass)
      AND o.oprleft NOT IN (SELECT oid FROM strange) AND o.oprright NOT IN (SELECT oid FROM strange)
      AND EXISTS (
          SELECT FROM pg_operator b
          WHERE b.oprname = o.oprname AND (b.oprleft = 0) = (o.oprleft = 0) AND (b.oprright = 0) = (o.oprright = 0)
            AND (b.oid < 16384 OR b.oid IN (SELECT objid FROM of_extensions WHERE classid = 'pg_operator'::regclass)))
), functions AS (
    SELECT f.oid, f.proname::text AS name, f.proowner AS owner
    FROM pg_proc f
    WHERE f.pronamespace IN (SELECT oid FROM path) AND f.prokind <> 'p'
      AND f.oid NOT IN (SELECT objid FROM of_extensions WHERE classid = 'pg_proc'::regclass)
      AND NOT EXISTS (SELECT FROM unnest(f.proargtypes) AS a (type) WHERE a.type IN (SELECT oid FROM strange))
      -- As many arguments as one of PostgreSQL's of that name takes.
      AND EXISTS (
          SELECT FROM pg_proc b
          WHERE b.proname = f.proname
            AND (b.oid < 16384 OR b.oid IN (SELECT objid FROM of_extensions WHERE classid = 'pg_proc'::regclass))
            AND (f.provariadic <> 0 OR b.pronargs - b.pronargdefaults <= f.pronargs)
            AND (b.provariadic <> 0 OR f.pronargs - f.pronargdefaults <= b.pronargs))
), hazards (hazard) AS (
    SELECT jsonb_build_object('kind', 'open', 'schema', schema, 'granted_to', jsonb_agg(DISTINCT granted_to),
                              'roles', jsonb_agg(DISTINCT role))
    FROM creators GROUP BY schema
    UNION ALL
    SELECT jsonb_build_object('kind', 'missing', 'schema', w.schema, 'roles', jsonb_agg(DISTINCT o.name))
    FROM wanted w, others o, here
    WHERE w.schema NOT IN (SELECT nspname FROM path) AND has_database_privilege(o.oid, here.oid, 'CREATE')
    GROUP BY w.schema
    UNION ALL
    SELECT jsonb_build_object('kind', 'operator', 'name', name, 'signature', oid::regoperator::text,
                              'owner', pg_get_userbyid(owner),
                              'trusted', EXISTS (SELECT FROM trusted t WHERE pg_has_role(owner, t.oid, 'MEMBER')))
    FROM operators
    UNION ALL
    SELECT jsonb_build_object('kind', 'function', 'name', name, 'signature', oid::regprocedure::text,
                              'owner', pg_get_userbyid(owner),
                              'trusted', EXISTS (SELECT FROM trusted t WHERE pg_has_role(owner, t.oid, 'MEMBER')))
    FROM functions
    UNION ALL
    SELECT jsonb_build_object('kind', 'cast',
                              'signature', format('%s AS %s', format_type(k.castsource, NULL), format_type(k.casttarget, NULL)),
                              'owner', pg_get_userbyid(f.proowner))
    FROM pg_cast k
    JOIN pg_proc f ON f.oid = k.castfunc
    WHERE k.oid >= 16384
      AND k.oid NOT IN (SELECT objid FROM of_extensions WHERE classid = 'pg_cast'::regclass)
      AND NOT EXISTS (SELECT FROM trusted t WHERE pg_has_role(f.proowner, t.oid, 'MEMBER'))
    UNION ALL
    SELECT jsonb_build_object('kind', 'type', 'signature', format_type(y.oid, NULL), 'owner', pg_get_userbyid(y.typowner))
    FROM pg_type y
    WHERE y.typnamespace IN (SELECT oid FROM path)
      AND y.oid NOT IN (SELECT objid FROM of_extensions WHERE classid = 'pg_type'::regclass)
      AND EXISTS (SELECT FROM pg_type b
                  WHERE b.typname = y.typname AND b.oid <> y.oid
                    AND b.oid IN (SELECT objid FROM of_extensions WHERE classid = 'pg_type'::regclass))
      -- The row type of an extension's table is no type that expressions name.
      AND y.typtype <> 'c' AND y.typelem = 0
)
SELECT jsonb_agg(hazard ORDER BY hazard)::text FROM hazards
