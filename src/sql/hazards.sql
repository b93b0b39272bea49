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
), trustworthy (oid) AS (
    SELECT r.oid FROM pg_roles r WHERE EXISTS (SELECT FROM trusted t WHERE pg_has_role(r.oid, t.oid, 'MEMBER'))
), others AS (
    SELECT r.oid, r.rolname::text AS name
    FROM pg_roles r, here
    WHERE r.rolcanlogin AND has_database_privilege(r.oid, here.oid, 'CONNECT') AND r.oid NOT IN (SELECT oid FROM trustworthy)
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
), known_operators AS (
    -- PostgreSQL's, and those of extensions. Whoever owns an extension can make things of their own members of it: so who
    -- owns the thing counts.
    SELECT b.oprname, b.oprleft, b.oprright
    FROM pg_operator b
    WHERE b.oid < 16384
       OR (b.oid IN (SELECT objid FROM of_extensions WHERE classid = 'pg_operator'::regclass)
           AND b.oprowner IN (SELECT oid FROM trustworthy))
), known_functions AS (
    SELECT b.proname, b.pronargs, b.pronargdefaults, b.provariadic
    FROM pg_proc b
    WHERE b.oid < 16384
       OR (b.oid IN (SELECT objid FROM of_extensions WHERE classid = 'pg_proc'::regclass)
           AND b.proowner IN (SELECT oid FROM trustworthy))
), becomes (source, target) AS (
    -- What a value's type can become unasked.
    SELECT castsource, casttarget FROM pg_cast WHERE castcontext = 'i'
), takes_any (type) AS (
    -- Other pseudo-types want an array, an enum, a range or a row, of which none has an operator over itself twice.
    SELECT oid FROM pg_type WHERE typname IN ('any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray')
), operators AS (
    SELECT o.oid, o.oprname::text AS name, o.oprowner AS owner, o.oprowner IN (SELECT oid FROM trustworthy) AS trusted,
           o.oprname IN (SELECT oprname FROM known_operators) AS known,
           o.oid IN (SELECT objid FROM of_extensions WHERE classid = 'pg_operator'::regclass) AS of_extension,
           o.oprleft, o.oprright
    FROM pg_operator o WHERE o.oprnamespace IN (SELECT oid FROM path)
), taken_operators AS (
    SELECT o.oid, o.name, o.owner, o.trusted, o.known
    FROM operators o
    WHERE NOT o.trusted
       OR (NOT o.of_extension AND o.known
           AND o.oprleft NOT IN (SELECT oid FROM strange) AND o.oprright NOT IN (SELECT oid FROM strange)
           AND EXISTS (
               SELECT FROM known_operators b
               WHERE b.oprname = o.name AND (b.oprleft = 0) = (o.oprleft = 0) AND (b.oprright = 0) = (o.oprright = 0))
           -- Between two types for which there is no other, it takes nobody's place; unless one side is a constant, whose
           -- type is guessed by the other side: by an operator over that type twice, if there is one.
           AND NOT (o.oprleft <> o.oprright
                    AND EXISTS (SELECT FROM known_operators b WHERE b.oprname = o.name AND b.oprleft = o.oprleft AND b.oprright = o.oprleft)
                    AND EXISTS (SELECT FROM known_operators b WHERE b.oprname = o.name AND b.oprleft = o.oprright AND b.oprright = o.oprright)
                    AND NOT EXISTS (
                        SELECT FROM known_operators b
                        WHERE b.oprname = o.name
                          AND (b.oprleft = o.oprleft OR b.oprleft IN (SELECT type FROM takes_any)
                               OR (o.oprleft, b.oprleft) IN (SELECT source, target FROM becomes))
                          AND (b.oprright = o.oprright OR b.oprright IN (SELECT type FROM takes_any)
                               OR (o.oprright, b.oprright) IN (SELECT source, target FROM becomes)))))
), functions AS (
    SELECT f.oid, f.proname::text AS name, f.proowner AS owner, f.proowner IN (SELECT oid FROM trustworthy) AS trusted,
           f.proname IN (SELECT proname FROM known_functions) AS known,
           f.oid IN (SELECT objid FROM of_extensions WHERE classid = 'pg_proc'::regclass) AS of_extension,
           f.pronargs, f.pronargdefaults, f.provariadic, f.proargtypes
    FROM pg_proc f WHERE f.pronamespace IN (SELECT oid FROM path) AND f.prokind <> 'p'
), taken_functions AS (
    SELECT f.oid, f.name, f.owner, f.trusted, f.known
    FROM functions f
    WHERE NOT f.trusted
       OR (NOT f.of_extension AND f.known
           AND NOT EXISTS (SELECT FROM unnest(f.proargtypes) AS a (type) WHERE a.type IN (SELECT oid FROM strange))
           -- As many arguments as one of PostgreSQL's of that name takes.
           AND EXISTS (
               SELECT FROM known_functions b
               WHERE b.proname = f.name
                 AND (f.provariadic <> 0 OR b.pronargs - b.pronargdefaults <= f.pronargs)
                 AND (b.provariadic <> 0 OR f.pronargs - f.pronargdefaults <= b.pronargs)))
), of_columns (type) AS (
    SELECT coalesce(e.oid, y.oid)
    FROM tables t
    JOIN pg_namespace n ON n.nspname = t.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_type e ON e.oid = y.typelem AND e.typarray = y.oid
), in_use (type) AS (
    -- Types that users have made, and that expressions can have: by a column, or by their bare name.
    SELECT oid FROM pg_type WHERE typnamespace IN (SELECT oid FROM path)
    UNION SELECT type FROM of_columns WHERE type >= 16384
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
                              'owner', pg_get_userbyid(owner), 'trusted', trusted, 'known', known)
    FROM taken_operators
    UNION ALL
    SELECT jsonb_build_object('kind', 'function', 'name', name, 'signature', oid::regprocedure::text,
                              'owner', pg_get_userbyid(owner), 'trusted', trusted, 'known', known)
    FROM taken_functions
    UNION ALL
    SELECT jsonb_build_object('kind', 'cast',
                              'signature', format('%s AS %s', format_type(k.castsource, NULL), format_type(k.casttarget, NULL)),
                              'owner', pg_get_userbyid(f.proowner))
    FROM pg_cast k
    JOIN pg_proc f ON f.oid = k.castfunc
    WHERE k.oid >= 16384
      AND f.proowner NOT IN (SELECT oid FROM trustworthy)
      AND (k.castsource IN (SELECT type FROM in_use) OR k.casttarget IN (SELECT type FROM in_use))
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
