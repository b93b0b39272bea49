-- client-erasure: made by efface from client-erasure.yaml. Do not edit: change the policy.
-- Run it for the row of users whose id is given, one value or more in the braces:
--   psql -X -v key1='{…}' -f THIS_FILE
\set ON_ERROR_STOP on
\set ON_ERROR_ROLLBACK off
\encoding UTF8
\if :{?again}
\else
\set again off
\endif

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = '300ms';
SET LOCAL statement_timeout = '60s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
SET LOCAL DateStyle = 'ISO, MDY';
SET LOCAL TimeZone = 'UTC';
SET LOCAL standard_conforming_strings = on;
SET LOCAL jit = off;

-- A role under row-level security gets an error, not zero rows.
SET LOCAL row_security = off;

-- COMMIT itself fails unless every assertion below has passed: the gate at the end sees to it.
CREATE TEMP TABLE efface_gate (n integer CONSTRAINT efface_assertions_failed UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP;
SET LOCAL efface.passed = '0';

-- No DDL from here; readers and writers go on.
LOCK TABLE public.audits, public.bookings, public.client_linkings, public.client_trainers, public.identities_bases, public.notes, public.notifications, public.payments, public.payments_credit_cards, public.profile_images, public.subscriptions, public.users, public.visits, public.waiting_list_entries IN ROW EXCLUSIVE MODE;
SET LOCAL search_path = pg_catalog, pg_temp;

-- Nothing that others made, or can make, may be called in place of PostgreSQL's own.
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('`public`', 'roles that may create operators and functions here, or theirs that have the name of one of PostgreSQL''s: `efface check` names them, and what to do',
      (
        WITH path AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname IN ('public')),
        trusted (oid) AS (SELECT nspowner FROM path UNION SELECT datdba FROM pg_database WHERE datname = current_database()
          UNION SELECT oid FROM pg_roles WHERE rolname = current_user
          UNION SELECT relowner FROM pg_class WHERE oid IN ('public.audits'::regclass, 'public.bookings'::regclass, 'public.client_linkings'::regclass, 'public.client_trainers'::regclass, 'public.identities_bases'::regclass, 'public.notes'::regclass, 'public.notifications'::regclass, 'public.payments'::regclass, 'public.payments_credit_cards'::regclass, 'public.profile_images'::regclass, 'public.subscriptions'::regclass, 'public.users'::regclass, 'public.visits'::regclass, 'public.waiting_list_entries'::regclass)),
        others AS (SELECT oid, rolcanlogin FROM pg_roles AS r WHERE NOT EXISTS (SELECT FROM trusted AS t WHERE pg_has_role(r.oid, t.oid, 'MEMBER'))),
        things (name, schema, owner) AS (SELECT oprname, oprnamespace, oprowner FROM pg_operator
          UNION ALL SELECT proname, pronamespace, proowner FROM pg_proc WHERE prokind <> 'p')
        SELECT count(*) FROM (
          SELECT 1 FROM others AS r, path AS n
          WHERE rolcanlogin AND has_database_privilege(r.oid, current_database(), 'CONNECT') AND has_schema_privilege(r.oid, n.oid, 'CREATE')
          UNION ALL
          SELECT 1 FROM things WHERE schema IN (SELECT oid FROM path) AND owner IN (SELECT oid FROM others)
            AND name IN (SELECT name FROM things WHERE schema = 'pg_catalog'::regnamespace)
        ) AS planted))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'the search path is not safe:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'search_path', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;
SET LOCAL search_path = pg_catalog, public, pg_temp;

-- Nobody switches efface off in this database while this runs.
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
  efface_problem text;
BEGIN
  IF to_regclass('efface.version') IS NULL THEN
    efface_problem := 'this database has no ledger: make one with `efface ledger init`, or write the script with `--no-ledger`';
  ELSIF (SELECT max(version) FROM efface.version) IS DISTINCT FROM 1 THEN
    efface_problem := 'the ledger is of another version of efface';
  ELSE
    SELECT CASE WHEN NOT enabled THEN 'efface is switched off in this database: ' || reason END INTO efface_problem FROM efface.control FOR SHARE;
    IF NOT FOUND THEN
      efface_problem := 'efface.control has no row';
    END IF;
  END IF;
  IF efface_problem IS NOT NULL THEN
    efface_found := jsonb_build_array(jsonb_build_object('name', 'ledger', 'message', efface_problem, 'rows', 0));
  END IF;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'nothing can be entered in the ledger:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'ledger', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;
SELECT set_config('efface.again', :'again', true) IS NOT NULL AND set_config('efface.runner', 'psql', true) IS NOT NULL AS run_is_told;

SELECT set_config('efface.key1', :'key1', true) IS NOT NULL AS subject_is_set;

-- Keys are looked up in their order, so that neighbours are found together.
SET LOCAL enable_hashagg = off;

-- Lock first, read later: new rows that reference these wait for our COMMIT.
SELECT count(*) FROM (SELECT 1 FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) ORDER BY id FOR UPDATE) AS locked;
SELECT count(*) FROM (SELECT 1 FROM public.audits WHERE id IN (
  SELECT id FROM public.audits WHERE user_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.audits WHERE actor_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
) ORDER BY id FOR UPDATE) AS locked;
SELECT count(*) FROM (SELECT 1 FROM public.bookings WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) ORDER BY id FOR UPDATE) AS locked;
SELECT count(*) FROM (SELECT 1 FROM public.client_linkings WHERE id IN (
  SELECT id FROM public.client_linkings WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.client_linkings WHERE linked_client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
) ORDER BY id FOR UPDATE) AS locked;
SELECT count(*) FROM (SELECT 1 FROM public.notifications WHERE id IN (
  SELECT id FROM public.notifications WHERE recipient_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.notifications WHERE about_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
) ORDER BY id FOR UPDATE) AS locked;
SELECT count(*) FROM (SELECT 1 FROM public.payments_credit_cards WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) ORDER BY id FOR UPDATE) AS locked;
SELECT count(*) FROM (SELECT 1 FROM public.subscriptions WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) ORDER BY id FOR UPDATE) AS locked;
SELECT count(*) FROM (SELECT 1 FROM public.waiting_list_entries WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) ORDER BY id FOR UPDATE) AS locked;
SELECT count(*) FROM (SELECT 1 FROM public.payments WHERE id IN (
  SELECT id FROM public.payments WHERE (club_id, client_number) IN (SELECT club_id, number FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))
  UNION ALL
  SELECT id FROM public.payments WHERE card_id IN (SELECT id FROM public.payments_credit_cards WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))
) ORDER BY id FOR UPDATE) AS locked;
SELECT count(*) FROM (SELECT 1 FROM public.visits WHERE booking_id IN (SELECT id FROM public.bookings WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))) ORDER BY id, visited_at FOR UPDATE) AS locked;

-- Whoever was erased before is recognised, and needs no second time.
SELECT set_config('efface.subjects', coalesce(array_agg(given.key1::text ORDER BY given.n), '{}')::text, true) IS NOT NULL AS subjects_are_called
FROM pg_catalog.unnest(current_setting('efface.key1')::bigint[]) WITH ORDINALITY AS given (key1, n);
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
  efface_known text[];
  efface_entry bigint;
  efface_given bigint;
  efface_all text[];
  efface_some text[];
BEGIN
  SELECT array_agg(DISTINCT known.subject), max(entry.seq) INTO efface_known, efface_entry
  FROM efface.erased AS known
  JOIN efface.ledger AS entry ON entry.seq = known.entry AND entry.policy = 'client-erasure' AND entry.subject IS NOT DISTINCT FROM 'users' AND entry.key = ARRAY['id']::text[]
  WHERE known.subject IN (SELECT pg_catalog.unnest(current_setting('efface.subjects')::text[]));
  PERFORM set_config('efface.known', coalesce(efface_known, '{}')::text, true), set_config('efface.done', 'off', true),
    set_config('efface.entry', coalesce(efface_entry, 0)::text, true);
  IF efface_entry IS NOT NULL AND current_setting('efface.again') <> 'on' THEN
    SELECT count(DISTINCT subject) INTO efface_given FROM pg_catalog.unnest(current_setting('efface.subjects')::text[]) AS subject;
    efface_all := ARRAY[current_setting('efface.key1')];
    SELECT ARRAY[array_agg(key1 ORDER BY subject)::text] INTO efface_some FROM unnest(current_setting('efface.key1')::bigint[], current_setting('efface.subjects')::text[]) AS given (key1, subject) WHERE subject IN (SELECT pg_catalog.unnest(efface_known));
    PERFORM set_config('efface.key1', efface_some[1], true);
    SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
    FROM (VALUES
      ('bookings, rule `cancel upcoming`', 'rows to change',
        (SELECT count(*) FROM public.bookings WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (status = 'booked' and starts_at > now())) AND (status = 'cancelled' AND note IS NULL) IS NOT TRUE)),
      ('bookings, rule `history`', 'rows to change',
        (SELECT count(*) FROM public.bookings WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (status = 'booked' and starts_at > now())) IS NOT TRUE) AND (note IS NULL) IS NOT TRUE)),
      ('client_linkings', 'rows to delete',
        (SELECT count(*) FROM public.client_linkings WHERE (id IN (
  SELECT id FROM public.client_linkings WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.client_linkings WHERE linked_client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
)))),
      ('client_trainers', 'rows to delete',
        (SELECT count(*) FROM public.client_trainers WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))))),
      ('identities_bases', 'rows to delete',
        (SELECT count(*) FROM public.identities_bases WHERE (user_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))))),
      ('notes', 'rows to change',
        (SELECT count(*) FROM public.notes WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))) AND (body = '[deleted]') IS NOT TRUE)),
      ('notifications', 'rows to delete',
        (SELECT count(*) FROM public.notifications WHERE (id IN (
  SELECT id FROM public.notifications WHERE recipient_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.notifications WHERE about_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
)))),
      ('payments, rule `the client''s payments`', 'rows to change',
        (SELECT count(*) FROM public.payments WHERE ((club_id, client_number) IN (SELECT club_id, number FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))) AND (card_id IS NULL AND receipt_email IS NULL AND note IS NULL) IS NOT TRUE)),
      ('payments, rule `somebody else''s, paid with the client''s card`', 'rows to change',
        (SELECT count(*) FROM public.payments WHERE (card_id IN (SELECT id FROM public.payments_credit_cards WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))
  AND ((club_id, client_number) IN (SELECT club_id, number FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))) IS NOT TRUE) AND (card_id IS NULL) IS NOT TRUE)),
      ('payments_credit_cards', 'rows to delete',
        (SELECT count(*) FROM public.payments_credit_cards WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))))),
      ('profile_images', 'rows to delete',
        (SELECT count(*) FROM public.profile_images WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))))),
      ('subscriptions, rule `cancel active`', 'rows to change',
        (SELECT count(*) FROM public.subscriptions WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (status in ('active', 'paused'))) AND (status = 'cancelled' AND cancel_reason IS NULL) IS NOT TRUE)),
      ('subscriptions, rule `history`', 'rows to change',
        (SELECT count(*) FROM public.subscriptions WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (status in ('active', 'paused'))) IS NOT TRUE) AND (cancel_reason IS NULL) IS NOT TRUE)),
      ('users, rule `the client`', 'rows to change',
        (SELECT count(*) FROM public.users WHERE (id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))) AND (name = CAST('[deleted]' AS character varying(80)) AND email::text ~ E'^[0-9a-f]+@deleted\\.invalid$' AND length(email::text) = 48 AND mobile_no IS NULL AND mobile_device IS NULL AND phone_no IS NULL AND work_no IS NULL AND address_1 IS NULL AND address_2 IS NULL AND address_3 IS NULL AND town IS NULL AND postcode IS NULL AND facebook_id IS NULL AND date_of_birth IS NULL AND height IS NULL AND weight IS NULL AND measurement1 IS NULL AND measurement2 IS NULL AND measurement3 IS NULL AND measurement4 IS NULL AND measurement5 IS NULL AND measurement6 IS NULL AND profile IS NULL AND last_seen_at IS NULL) IS NOT TRUE)),
      ('audits', 'rows to delete',
        (SELECT count(*) FROM public.audits WHERE ((id IN (
  SELECT id FROM public.audits WHERE user_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.audits WHERE actor_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
))))),
      ('visits', 'rows to change',
        (SELECT count(*) FROM public.visits WHERE (booking_id IN (SELECT id FROM public.bookings WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))) AND (device_name IS NULL) IS NOT TRUE)),
      ('waiting_list_entries, rule `leave the waiting lists`', 'rows to change',
        (SELECT count(*) FROM public.waiting_list_entries WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (status = 'waiting')) AND (status = 'cancelled' AND wish IS NULL) IS NOT TRUE)),
      ('waiting_list_entries, rule `history`', 'rows to change',
        (SELECT count(*) FROM public.waiting_list_entries WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (status = 'waiting')) IS NOT TRUE) AND (wish IS NULL) IS NOT TRUE))
    ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
    PERFORM set_config('efface.key1', efface_all[1], true);
    IF efface_found IS NOT NULL THEN
      efface_found := jsonb_build_array(jsonb_build_object('name', 'users', 'message', format('%s of the %s subjects were erased before, the last by entry %s of the ledger', cardinality(efface_known), efface_given, efface_entry), 'rows', 0)) || efface_found;
    ELSIF cardinality(efface_known) = efface_given THEN
      PERFORM set_config('efface.done', 'on', true);
    END IF;
  END IF;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'erased before, and something is left or new:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'erased', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;
SELECT current_setting('efface.done')::boolean AS done, current_setting('efface.entry') AS entry
\gset efface_
\if :efface_done
\echo 'erased before, by entry' :efface_entry 'of the ledger, and nothing is left; nothing was changed'
ROLLBACK;
\q
\endif
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('session_replication_role', 'foreign keys and triggers are off in this session: set it to `origin`',
      (SELECT CASE WHEN current_setting('session_replication_role') = 'origin' THEN 0 ELSE 1 END)),
    ('users', 'the subject''s key is empty, NULL or incomplete: give one value for each key column',
      (SELECT CASE WHEN cardinality(current_setting('efface.key1')::bigint[]) = 0 OR array_position(current_setting('efface.key1')::bigint[], NULL) IS NOT NULL THEN 1 ELSE 0 END)),
    ('users', 'more subjects than `limits.max_subjects` allows (1): give fewer, or raise the limit in the policy',
      (SELECT greatest(0, count(*) - 1) FROM (SELECT DISTINCT * FROM (SELECT unnest(current_setting('efface.key1')::bigint[])) AS given) AS subjects)),
    ('users', 'no row has this key: check it, or the subject is gone already',
      (SELECT count(*) FROM (SELECT unnest(current_setting('efface.key1')::bigint[]) EXCEPT SELECT id::bigint FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) EXCEPT SELECT key1 FROM unnest(current_setting('efface.key1')::bigint[], current_setting('efface.subjects')::text[]) AS given (key1, subject) WHERE subject IN (SELECT pg_catalog.unnest(current_setting('efface.known')::text[]))) AS missing)),
    ('users', 'the policy''s `subject: where` does not hold for this row: this policy may not erase it',
      (SELECT count(*) FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) AND ((role = 'client')) IS NOT TRUE))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'the subject can''t be erased:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'subject', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;

-- audits: a trigger could hide what it did to these rows, so they are remembered first.
CREATE TEMP TABLE efface_rows_1 ON COMMIT DROP AS
SELECT id AS key1, 1 AS rule, 0 AS round
FROM public.audits
WHERE id IN (
  SELECT id FROM public.audits WHERE user_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.audits WHERE actor_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
);
ANALYZE pg_temp.efface_rows_1 (key1, rule);

-- bookings: several rules: the first that matches a row decides it, once.
CREATE TEMP TABLE efface_rows_2 ON COMMIT DROP AS
SELECT id AS key1, CASE WHEN (status = 'booked' and starts_at > now()) THEN 1 ELSE 2 END AS rule, 0 AS round
FROM public.bookings
WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]));
ANALYZE pg_temp.efface_rows_2 (key1, rule);

-- payments: several rules: the first that matches a row decides it, once.
CREATE TEMP TABLE efface_rows_3 ON COMMIT DROP AS
SELECT id AS key1, CASE WHEN (club_id, client_number) IN (SELECT club_id, number FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))) THEN 1 WHEN card_id IN (SELECT id FROM public.payments_credit_cards WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))) THEN 2 END AS rule, 0 AS round
FROM public.payments
WHERE id IN (
  SELECT id FROM public.payments WHERE (club_id, client_number) IN (SELECT club_id, number FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))
  UNION ALL
  SELECT id FROM public.payments WHERE card_id IN (SELECT id FROM public.payments_credit_cards WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))
);
ANALYZE pg_temp.efface_rows_3 (key1, rule);

-- subscriptions: several rules: the first that matches a row decides it, once.
CREATE TEMP TABLE efface_rows_4 ON COMMIT DROP AS
SELECT id AS key1, CASE WHEN (status in ('active', 'paused')) THEN 1 ELSE 2 END AS rule, 0 AS round
FROM public.subscriptions
WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]));
ANALYZE pg_temp.efface_rows_4 (key1, rule);

-- visits: a trigger could hide what it did to these rows, so they are remembered first.
CREATE TEMP TABLE efface_rows_5 ON COMMIT DROP AS
SELECT id AS key1, visited_at AS key2, 1 AS rule, 0 AS round
FROM public.visits
WHERE booking_id IN (SELECT id FROM public.bookings WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])));
ANALYZE pg_temp.efface_rows_5 (key1, key2, rule);

-- waiting_list_entries: several rules: the first that matches a row decides it, once.
CREATE TEMP TABLE efface_rows_6 ON COMMIT DROP AS
SELECT id AS key1, CASE WHEN (status = 'waiting') THEN 1 ELSE 2 END AS rule, 0 AS round
FROM public.waiting_list_entries
WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]));
ANALYZE pg_temp.efface_rows_6 (key1, rule);
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('the database''s encoding', '`scrub` and `gone` know the characters of UTF-8 only: do without them here',
      (SELECT CASE WHEN getdatabaseencoding() = 'UTF8' THEN 0 ELSE 1 END))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'values can''t be looked for in texts:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'values', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;

-- How words, letters and their escapes are told in texts, whose ever they are.
CREATE TEMP TABLE efface_spelling ON COMMIT DROP AS
SELECT
  '[0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0300-\u037d\u0388-\u0559\u0560-\u0588\u0591-\u05bd\u05c4-\u05f2\u0610-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff\u0710-\u0963\u0966-\u096f\u0971-\u0dff\u10a0-\u10ff\u1200-\u135f\u1e00-\u1fff]'::text AS word,
  '[\u0009-\u000d\u0020\u0085\u00a0\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000]+'::text AS blank,
  '(?:[\u0009-\u000d\u0020\u0085\u00a0\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000]|\\+(?:[nrtf]|u(?:00[aA]0|000[9a-dA-D]))|(?:&|\\+u0026)(?:amp;)*(?:nbsp|#(?:0*(?:9|10|13|160)|[xX]0*(?:9|[aA]|[dD]|[aA]0)));)+'::text AS any_blank,
  '(?:&|\\+u0026)(?:amp;)*'::text AS ampersand,
  '(?<![0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0300-\u037d\u0388-\u0559\u0560-\u0588\u0591-\u05bd\u05c4-\u05f2\u0610-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff\u0710-\u0963\u0966-\u096f\u0971-\u0dff\u10a0-\u10ff\u1200-\u135f\u1e00-\u1fff])'::text AS behind,
  '(?![0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0300-\u037d\u0388-\u0559\u0560-\u0588\u0591-\u05bd\u05c4-\u05f2\u0610-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff\u0710-\u0963\u0966-\u096f\u0971-\u0dff\u10a0-\u10ff\u1200-\u135f\u1e00-\u1fff])'::text AS before,
  '(?:(?<![0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0300-\u037d\u0388-\u0559\u0560-\u0588\u0591-\u05bd\u05c4-\u05f2\u0610-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff\u0710-\u0963\u0966-\u096f\u0971-\u0dff\u10a0-\u10ff\u1200-\u135f\u1e00-\u1fff])|(\\+(?:[bfnrt]|u(?:00[0-9aAbB][0-9a-fA-F]|0[eEfF][0-9a-fA-F][0-9a-fA-F]|1[014-9a-dA-D][0-9a-fA-F][0-9a-fA-F]|[2-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]))))'::text AS behind_escapes,
  '(?![0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0300-\u037d\u0388-\u0559\u0560-\u0588\u0591-\u05bd\u05c4-\u05f2\u0610-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff\u0710-\u0963\u0966-\u096f\u0971-\u0dff\u10a0-\u10ff\u1200-\u135f\u1e00-\u1fff])(?!\\+u(?:0(?:0(?:[aA][aA]|[bB][5aA]|[cCeE][0-9a-fA-F]|[dDfF][0-689a-fA-F])|[148a-dA-D][0-9a-fA-F][0-9a-fA-F]|2[0-9aA][0-9a-fA-F]|3(?:[0-69a-fA-F][0-9a-fA-F]|7[0-9a-dA-D]|8[89a-fA-F])|5(?:[0-467aAdeDE][0-9a-fA-F]|5[0-9]|8[0-8]|9[1-9a-fA-F]|[bB][0-9a-dA-D]|[cC][4-9a-fA-F]|[fF][0-2])|6(?:1[0-9aA]|[2-57-9a-cA-CefEF][0-9a-fA-F]|6[0-9efEF]|[dD][0-35-9a-fA-F])|7[1-9a-fA-F][0-9a-fA-F]|9(?:[0-589a-fA-F][0-9a-fA-F]|6[0-36-9a-fA-F]|7[1-9a-fA-F]))|1(?:0[a-fA-F][0-9a-fA-F]|[2efEF][0-9a-fA-F][0-9a-fA-F]|3[0-5][0-9a-fA-F]))|(?:&|\\+u0026)(?:amp;)*(?:(?:[A-Za-z](?:grave|acute|circ|tilde|uml|ring|cedil|slash|caron)|(?:AE|ae|OE|oe|sz)lig|ETH|eth|THORN|thorn)|#(?:0*(?:19[2-9]|[2-9][0-9][0-9]|[12][0-9][0-9][0-9]|3[0-5][0-9][0-9])|[xX]0*(?:[c-fC-F][0-9a-fA-F]|[1-9a-dA-D][0-9a-fA-F]{2})));)'::text AS before_escapes,
  '(?<![._%+-])'::text AS address_behind,
  '(?!-|\.[0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u0300-\u037d\u0388-\u0559\u0560-\u0588\u0591-\u05bd\u05c4-\u05f2\u0610-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff\u0710-\u0963\u0966-\u096f\u0971-\u0dff\u10a0-\u10ff\u1200-\u135f\u1e00-\u1fff])'::text AS address_before;
CREATE TEMP TABLE efface_alike ON COMMIT DROP AS
SELECT substr(letters, n, 1) AS letter, letters
FROM unnest(string_to_array('Aa Bb Cc Dd Ee Ff Gg Hh Iiİı Jj Kk Ll Mm Nn Oo Pp Qq Rr Ss Tt Uu Vv Ww Xx Yy Zz µΜμ Àà Áá Ââ Ãã Ää Åå Ææ Çç Èè Éé Êê Ëë Ìì Íí Îî Ïï Ðð Ññ Òò Óó Ôô Õõ Öö Øø Ùù Úú Ûû Üü Ýý Þþ ßẞ ÿŸ Āā Ăă Ąą Ćć Ĉĉ Ċċ Čč Ďď Đđ Ēē Ĕĕ Ėė Ęę Ěě Ĝĝ Ğğ Ġġ Ģģ Ĥĥ Ħħ Ĩĩ Īī Ĭĭ Įį Ĳĳ Ĵĵ Ķķ Ĺĺ Ļļ Ľľ Ŀŀ Łł Ńń Ņņ Ňň Ŋŋ Ōō Ŏŏ Őő Œœ Ŕŕ Ŗŗ Řř Śś Ŝŝ Şş Šš Ţţ Ťť Ŧŧ Ũũ Ūū Ŭŭ Ůů Űű Ųų Ŵŵ Ŷŷ Źź Żż Žž Əə Ơơ Ƣƣ Ƥƥ Ƨƨ Ƭƭ Ưư Ǎǎ Ǐǐ Ǒǒ Ǔǔ Ǖǖ Ǘǘ Ǚǚ Ǜǜ Șș Țț Άά Έέ Ήή Ίί Όό Ύύ Ώώ Αα Ββ Γγ Δδ Εε Ζζ Ηη Θθ Ιι Κκ Λλ Νν Ξξ Οο Ππ Ρρ Σςσ Ττ Υυ Φφ Χχ Ψψ Ωω Ϊϊ Ϋϋ Ѐѐ Ёё Ђђ Ѓѓ Єє Ѕѕ Іі Її Јј Љљ Њњ Ћћ Ќќ Ѝѝ Ўў Џџ Аа Бб Вв Гг Дд Ее Жж Зз Ии Йй Кк Лл Мм Нн Оо Пп Рр Сс Тт Уу Фф Хх Цц Чч Шш Щщ Ъъ Ыы Ьь Ээ Юю Яя Ґґ Ғғ Ҕҕ Җҗ Ҙҙ Ққ Ҝҝ Ҟҟ Ҡҡ Ңң Ҥҥ Ҧҧ Ҩҩ Ҫҫ Ҭҭ Үү Ұұ Ҳҳ Ҵҵ Ҷҷ Ҹҹ Һһ Ҽҽ Ҿҿ Ӏӏ Ӂӂ Ӄӄ Ӆӆ Ӈӈ Ӊӊ Ӌӌ Ӎӎ Ӑӑ Ӓӓ Ӕӕ Ӗӗ Әә Ӛӛ Ӝӝ Ӟӟ Ӡӡ Ӣӣ Ӥӥ Ӧӧ Өө Ӫӫ Ӭӭ Ӯӯ Ӱӱ Ӳӳ Ӵӵ Ӷӷ Ӹӹ Ӻӻ Ӽӽ Ӿӿ Աա Բբ Գգ Դդ Եե Զզ Էէ Ըը Թթ Ժժ Իի Լլ Խխ Ծծ Կկ Հհ Ձձ Ղղ Ճճ Մմ Յյ Նն Շշ Ոո Չչ Պպ Ջջ Ռռ Սս Վվ Տտ Րր Ցց Ււ Փփ Քք Օօ Ֆֆ Ẁẁ Ẃẃ Ẅẅ Ạạ Ảả Ấấ Ầầ Ẩẩ Ẫẫ Ậậ Ắắ Ằằ Ẳẳ Ẵẵ Ặặ Ẹẹ Ẻẻ Ẽẽ Ếế Ềề Ểể Ễễ Ệệ Ỉỉ Ịị Ọọ Ỏỏ Ốố Ồồ Ổổ Ỗỗ Ộộ Ớớ Ờờ Ởở Ỡỡ Ợợ Ụụ Ủủ Ứứ Ừừ Ửử Ữữ Ựự Ỳỳ Ỵỵ Ỷỷ Ỹỹ ''‘’ʼ -‐‑', ' ')) AS letters, generate_series(1, length(letters)) AS n;
CREATE TEMP TABLE efface_entities ON COMMIT DROP AS
SELECT chr(split_part(pair, ' ', 1)::integer) AS sign, split_part(pair, ' ', 2) AS name
FROM unnest(string_to_array('34 quot,38 amp,39 apos,60 lt,62 gt,160 nbsp,338 OElig,339 oelig,352 Scaron,353 scaron,376 Yuml,8216 lsquo,8217 rsquo,161 iexcl,162 cent,163 pound,164 curren,165 yen,166 brvbar,167 sect,168 uml,169 copy,170 ordf,171 laquo,172 not,173 shy,174 reg,175 macr,176 deg,177 plusmn,178 sup2,179 sup3,180 acute,181 micro,182 para,183 middot,184 cedil,185 sup1,186 ordm,187 raquo,188 frac14,189 frac12,190 frac34,191 iquest,192 Agrave,193 Aacute,194 Acirc,195 Atilde,196 Auml,197 Aring,198 AElig,199 Ccedil,200 Egrave,201 Eacute,202 Ecirc,203 Euml,204 Igrave,205 Iacute,206 Icirc,207 Iuml,208 ETH,209 Ntilde,210 Ograve,211 Oacute,212 Ocirc,213 Otilde,214 Ouml,215 times,216 Oslash,217 Ugrave,218 Uacute,219 Ucirc,220 Uuml,221 Yacute,222 THORN,223 szlig,224 agrave,225 aacute,226 acirc,227 atilde,228 auml,229 aring,230 aelig,231 ccedil,232 egrave,233 eacute,234 ecirc,235 euml,236 igrave,237 iacute,238 icirc,239 iuml,240 eth,241 ntilde,242 ograve,243 oacute,244 ocirc,245 otilde,246 ouml,247 divide,248 oslash,249 ugrave,250 uacute,251 ucirc,252 uuml,253 yacute,254 thorn,255 yuml', ',')) AS pair;

-- Values that must be gone afterwards; no statistics are ever made of them.
CREATE TEMP TABLE efface_values (place text, value text) ON COMMIT DROP;
INSERT INTO pg_temp.efface_values SELECT 'users.name', name::text FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) AND (name = CAST('[deleted]' AS character varying(80))) IS NOT TRUE;
INSERT INTO pg_temp.efface_values SELECT 'users.email', email::text FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) AND (email::text ~ E'^[0-9a-f]+@deleted\\.invalid$' AND length(email::text) = 48) IS NOT TRUE;
INSERT INTO pg_temp.efface_values SELECT 'users.mobile_no', mobile_no::text FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) AND (mobile_no IS NULL) IS NOT TRUE;
INSERT INTO pg_temp.efface_values SELECT 'users.phone_no', phone_no::text FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) AND (phone_no IS NULL) IS NOT TRUE;
INSERT INTO pg_temp.efface_values SELECT 'users.facebook_id', facebook_id::text FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])) AND (facebook_id IS NULL) IS NOT TRUE;
INSERT INTO pg_temp.efface_values SELECT 'payments_credit_cards.holder', holder::text FROM public.payments_credit_cards WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]));

-- As regular expressions, one for each column.
CREATE TEMP TABLE efface_gone ON COMMIT DROP AS
WITH pattern AS (
WITH source AS (
  SELECT place AS key1, value FROM pg_temp.efface_values WHERE length(btrim(normalize(value))) >= 4
), whole AS (
  SELECT DISTINCT key1, btrim(regexp_replace(normalize(value COLLATE "C"), blank, ' ', 'g')) AS value
  FROM source, pg_temp.efface_spelling
), unit AS (
  SELECT key1, value, n, CASE WHEN cut[1] ~ '^([Ss]{2}|[ßẞ])$' THEN 'ß' ELSE cut[1] END AS letter
  FROM whole, regexp_matches(value, '[Ss]{2}|.', 'g') WITH ORDINALITY AS cuts (cut, n)
  WHERE value ~ '[0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u02ff\u0370-\u1fff\u2c00-\u2fff\u3005\u3021-\ud7ff\uf900-\ufdff\ufe70-\uffdc\U00010000-\U0001efff\U00020000-\U0003ffff]'
), letter AS (
  SELECT letter, plain, CASE WHEN letter ~ '^[-0-9A-Za-z.,_]$' THEN plain ELSE
    CASE WHEN letter IN ('"', '''', '/', '\') THEN '\\*' ELSE '' END
    || '(?:' || concat_ws('|', plain, '\\+u(?:' || json || ')',
      ampersand || '(?:' || names || '#(?:0*(?:' || decimal || ')|[xX]0*(?:' || hexadecimal || ')));', escaped_apart) || ')'
    END AS escaped
  FROM (
    SELECT letter, CASE WHEN letter = 'ß' OR count(apart) > 0 THEN '(?:' || CASE letter WHEN 'ß' THEN '[Ss]{2}|' ELSE '' END
        || concat_ws('|', '[' || string_agg(regexp_replace(c, '[]\[\\^-]', '\\\&'), '') || ']', string_agg(regexp_replace(apart, '.', '[\&]', 'g'), '|')) || ')'
      ELSE '[' || string_agg(regexp_replace(c, '[]\[\\^-]', '\\\&'), '') || ']' END AS plain,
      string_agg(CASE WHEN low IS NULL THEN high || '|' || upper(high)
        ELSE '(?:' || high || '|' || upper(high) || ')\\+u(?:' || low || '|' || upper(low) || ')' END, '|') AS json,
      string_agg(ascii(c)::text, '|') AS decimal, string_agg(to_hex(ascii(c)) || '|' || upper(to_hex(ascii(c))), '|') AS hexadecimal,
      coalesce(string_agg(name || '|', ''), '') AS names, string_agg(escaped_apart, '|') AS escaped_apart
    FROM (SELECT DISTINCT letter FROM unit WHERE letter <> ' ') AS own LEFT JOIN pg_temp.efface_alike USING (letter)
    CROSS JOIN LATERAL regexp_split_to_table(coalesce(letters, letter), '') AS c
    CROSS JOIN LATERAL (
      SELECT NULLIF(normalize(c, NFD), c), lpad(to_hex(CASE WHEN ascii(c) < 65536 THEN ascii(c) ELSE 55232 + ascii(c) / 1024 END), 4, '0'),
        CASE WHEN ascii(c) >= 65536 THEN to_hex(56320 + ascii(c) % 1024) END
    ) AS form (apart, high, low)
    CROSS JOIN LATERAL (
      SELECT string_agg(CASE WHEN ascii(mark) < 128 THEN '[' || mark || ']' ELSE '(?:' || mark || '|\\+u(?:' || lpad(to_hex(ascii(mark)), 4, '0') || '|' || lpad(upper(to_hex(ascii(mark))), 4, '0')
        || ')|' || ampersand || '#(?:0*' || ascii(mark) || '|[xX]0*(?:' || to_hex(ascii(mark)) || '|' || upper(to_hex(ascii(mark))) || '));)' END, '' ORDER BY n)
      FROM regexp_split_to_table(apart, '') WITH ORDINALITY AS marks (mark, n), pg_temp.efface_spelling
    ) AS marked (escaped_apart)
    LEFT JOIN pg_temp.efface_entities ON sign = c
    GROUP BY letter
  ) AS forms, pg_temp.efface_spelling
), sought AS (
  SELECT key1, value, value ~ ('^' || word || '|@') AS begins, value ~ (word || '$|@') AS ends,
    regexp_replace('%' || plain_sieve || '%', '%+', '%', 'g') AS plain_sieve, regexp_replace('%' || coarse_sieve || '%', '%+', '%', 'g') AS coarse_sieve,
    CASE WHEN value ~ '@' THEN address_behind ELSE '' END || units.plain || CASE WHEN value ~ '@' THEN address_before ELSE '' END AS plain,
    CASE WHEN value ~ '@' THEN address_behind ELSE '' END || units.escaped || CASE WHEN value ~ '@' THEN address_before ELSE '' END AS escaped
  FROM (
    SELECT key1, value, string_agg(coalesce(plain, blank), '' ORDER BY n) AS plain, string_agg(coalesce(escaped, any_blank), '' ORDER BY n) AS escaped,
      string_agg(CASE WHEN plain IS NULL THEN '_%' WHEN letter ~ '^[0-9A-HJ-Za-hj-z]$' THEN lower(letter COLLATE "C")
        WHEN plain LIKE '[%' AND length(plain) = 3 AND letter NOT IN ('%', '_', '\') THEN letter WHEN plain LIKE '[%' THEN '_' ELSE '%' END, '' ORDER BY n) AS plain_sieve,
      string_agg(CASE WHEN plain IS NULL THEN '_%' WHEN letter ~ '^[0-9A-HJ-Za-hj-z.,]$' THEN lower(letter COLLATE "C")
        WHEN letter ~ '^[-_]$' THEN '_' ELSE '%' END, '' ORDER BY n) AS coarse_sieve
    FROM unit LEFT JOIN letter USING (letter), pg_temp.efface_spelling
    GROUP BY key1, value
  ) AS units, pg_temp.efface_spelling
)
SELECT key1, 
  concat_ws('|', '(?:' || plain_ends || ')' || before, plain_none,
    behind || '(?:' || NULLIF(concat_ws('|', '(?:' || plain_both || ')' || before, plain_begins), '') || ')') AS plain,
  concat_ws('|', '(?:' || escaped_ends || ')' || before_escapes, escaped_none,
    behind_escapes || '(?:' || NULLIF(concat_ws('|', '(?:' || escaped_both || ')' || before_escapes, escaped_begins), '') || ')') AS escaped
  , sieves, coarse
FROM pg_temp.efface_spelling, (
  SELECT key1, 
    string_agg(plain, '|' ORDER BY value) FILTER (WHERE begins AND ends) AS plain_both,
    string_agg(plain, '|' ORDER BY value) FILTER (WHERE begins AND NOT ends) AS plain_begins,
    string_agg(plain, '|' ORDER BY value) FILTER (WHERE ends AND NOT begins) AS plain_ends,
    string_agg(plain, '|' ORDER BY value) FILTER (WHERE NOT begins AND NOT ends) AS plain_none,
    string_agg(escaped, '|' ORDER BY value) FILTER (WHERE begins AND ends) AS escaped_both,
    string_agg(escaped, '|' ORDER BY value) FILTER (WHERE begins AND NOT ends) AS escaped_begins,
    string_agg(escaped, '|' ORDER BY value) FILTER (WHERE ends AND NOT begins) AS escaped_ends,
    string_agg(escaped, '|' ORDER BY value) FILTER (WHERE NOT begins AND NOT ends) AS escaped_none,
    array_agg(plain_sieve ORDER BY value) AS sieves, array_agg(coarse_sieve ORDER BY value) AS coarse
  FROM sought
  GROUP BY key1
) AS whole
), digits AS (
  SELECT place, string_agg(DISTINCT '(?<![0-9])0*' || regexp_replace(number, '(.)(?=.)', '\1[^0-9[:alpha:]]{0,3}', 'g') || '(?![0-9])', '|') AS either, array_agg(DISTINCT '%' || regexp_replace(number, '(.)', '\1%', 'g')) AS digit_sieves
  FROM pg_temp.efface_values, LATERAL (SELECT ltrim(regexp_replace(value, '[^0-9]', '', 'g'), '0')) AS said (number)
  WHERE length(number) >= 7 AND value !~ '[[:alpha:]]'
  GROUP BY place
)
SELECT place, anywhere, (SELECT count(DISTINCT value) FROM pg_temp.efface_values AS short WHERE short.place = column_of.place AND length(btrim(normalize(value))) < 4 AND value ~ '[0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u02ff\u0370-\u1fff\u2c00-\u2fff\u3005\u3021-\ud7ff\uf900-\ufdff\ufe70-\uffdc\U00010000-\U0001efff\U00020000-\U0003ffff]') AS short,
  concat_ws('|', plain, either) AS plain, concat_ws('|', escaped, either) AS escaped,
  coalesce(sieves, '{}') || coalesce(digit_sieves, '{}') AS sieves, coalesce(coarse, '{}') || coalesce(digit_sieves, '{}') AS coarse
FROM (VALUES ('users.name', false), ('users.email', false), ('users.mobile_no', false), ('users.phone_no', false), ('users.facebook_id', false), ('payments_credit_cards.holder', false)) AS column_of (place, anywhere)
LEFT JOIN pattern ON pattern.key1 = place LEFT JOIN digits USING (place);
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('verify.gone', 'the people of this run have too many values to be looked for at once: erase fewer in one run',
      (SELECT count(*) FROM pg_temp.efface_gone WHERE length(escaped) > 100000))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'values can''t be looked for:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'values', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;

-- guard `outstanding payments` (client-erasure.yaml:21)
-- guard `unused credits` (client-erasure.yaml:26)
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('outstanding payments', 'settle, refund or write off these payments first',
      (SELECT count(*) FROM public.payments WHERE (club_id, client_number) IN (SELECT club_id, number FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))
  AND (status in ('due', 'failed')))),
    ('unused credits', 'refund or write off the credits of these subscriptions first',
      (SELECT count(*) FROM public.subscriptions WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (status in ('active', 'paused') and credits_left > 0)))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'blocked:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'guards', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('audits', 'more rows than `limits.max_rows` allows (10000): look at them, or raise the limit in the policy',
      (SELECT CASE WHEN count(*) > 10000 THEN count(*) ELSE 0 END FROM public.audits WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_1 WHERE rule = 1)))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'too many rows:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'limits', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;

SET LOCAL enable_hashagg TO DEFAULT;

-- report `sessions conducted per month`, as it is before (client-erasure.yaml:243)
CREATE TEMP TABLE efface_report_1 ON COMMIT DROP AS
SELECT encode(sha256(convert_to(efface_row::text, 'UTF8')), 'hex') AS h, count(*) AS n
FROM (
select club_id, date_trunc('month', starts_at) as month, count(distinct session_id) as sessions, count(*) as attended
from bookings
where status = 'attended' and starts_at < date_trunc('month', now())
group by club_id, month
) AS efface_row
GROUP BY 1;

-- report `visits per month`, as it is before (client-erasure.yaml:249)
CREATE TEMP TABLE efface_report_2 ON COMMIT DROP AS
SELECT encode(sha256(convert_to(efface_row::text, 'UTF8')), 'hex') AS h, count(*) AS n
FROM (
select date_trunc('month', visited_at) as month, door, count(*) as visits
from visits
where visited_at < date_trunc('month', now())
group by month, door
) AS efface_row
GROUP BY 1;

-- report `revenue per month`, as it is before (client-erasure.yaml:255)
CREATE TEMP TABLE efface_report_3 ON COMMIT DROP AS
SELECT encode(sha256(convert_to(efface_row::text, 'UTF8')), 'hex') AS h, count(*) AS n
FROM (
select club_id, date_trunc('month', paid_at) as month, status, sum(amount) as amount, count(*) as payments
from payments
where paid_at < date_trunc('month', now())
group by club_id, month, status
) AS efface_row
GROUP BY 1;

-- report `joiners per month`, as it is before (client-erasure.yaml:261)
CREATE TEMP TABLE efface_report_4 ON COMMIT DROP AS
SELECT encode(sha256(convert_to(efface_row::text, 'UTF8')), 'hex') AS h, count(*) AS n
FROM (
select club_id, date_trunc('month', created_at) as month, count(*) as joiners, count(referred_by_id) as referred
from users
where role = 'client' and created_at < date_trunc('month', now())
group by club_id, month
) AS efface_row
GROUP BY 1;

-- Keys are looked up in their order, so that neighbours are found together.
SET LOCAL enable_hashagg = off;

-- Triggers will fire: what they do beyond the steps is counted.
-- They may delete rows of audits, bookings, subscriptions, users: no more than the steps do.
SELECT set_config('efface.counted', (
    SELECT coalesce(jsonb_object_agg(relid::text, jsonb_build_array(n_tup_ins, n_tup_upd, n_tup_del)), '{}')::text
    FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0), true) IS NOT NULL AS rows_are_counted,
  set_config('efface.going', (
    SELECT jsonb_agg(rows ORDER BY place)::text FROM (VALUES
      (0, (SELECT count(*) FROM public.audits WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_1 WHERE rule = 1)) + (pg_stat_get_xact_tuples_deleted('public.audits'::regclass) - pg_stat_get_xact_tuples_inserted('public.audits'::regclass))),
      (1, (pg_stat_get_xact_tuples_deleted('public.bookings'::regclass) - pg_stat_get_xact_tuples_inserted('public.bookings'::regclass))),
      (2, (pg_stat_get_xact_tuples_deleted('public.subscriptions'::regclass) - pg_stat_get_xact_tuples_inserted('public.subscriptions'::regclass))),
      (3, (pg_stat_get_xact_tuples_deleted('public.users'::regclass) - pg_stat_get_xact_tuples_inserted('public.users'::regclass)))
    ) AS efface_watched (place, rows)), true) IS NOT NULL AS rows_that_go_are_counted;

-- bookings: a trigger could keep these values back, so they are computed first and compared in the end.
CREATE TEMP TABLE efface_values_1 ON COMMIT DROP AS
SELECT id AS key1,
  CAST((now()) AS timestamp with time zone) AS value1
FROM public.bookings
WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_2 WHERE rule = 1);

-- step 1 of 18: change 3 columns of bookings, rule `cancel upcoming`
--   rows whose client_id is the subject, and status = 'booked' and starts_at > now()
--   because client-erasure.yaml:100 says so
UPDATE public.bookings
SET status = 'cancelled',
    note = NULL,
    cancelled_at = efface_values.value1
FROM pg_temp.efface_values_1 AS efface_values
WHERE bookings.id = efface_values.key1;
\set efface_rows_1 :ROW_COUNT

-- step 2 of 18: change 1 column of bookings, rule `history`
--   rows whose client_id is the subject, and no rule above takes them
--   because client-erasure.yaml:116 says so
UPDATE public.bookings
SET note = NULL
WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_2 WHERE rule = 2)
  AND (note IS NULL) IS NOT TRUE;
\set efface_rows_2 :ROW_COUNT

-- step 3 of 18: delete rows of client_linkings
--   rows whose client_id is the subject or whose linked_client_id is the subject
--   because client-erasure.yaml:85 says so
DELETE FROM public.client_linkings
WHERE id IN (
  SELECT id FROM public.client_linkings WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.client_linkings WHERE linked_client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
);
\set efface_rows_3 :ROW_COUNT

-- step 4 of 18: delete rows of client_trainers
--   rows whose client_id is the subject
--   because client-erasure.yaml:89 says so
DELETE FROM public.client_trainers
WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]));
\set efface_rows_4 :ROW_COUNT

-- step 5 of 18: delete rows of identities_bases
--   rows whose user_id is the subject
--   because client-erasure.yaml:82 says so
DELETE FROM public.identities_bases
WHERE user_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]));
\set efface_rows_5 :ROW_COUNT

-- step 6 of 18: change 1 column of notes
--   rows whose client_id is the subject
--   because client-erasure.yaml:227 says so
UPDATE public.notes
SET body = '[deleted]'
WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  AND (body = '[deleted]') IS NOT TRUE;
\set efface_rows_6 :ROW_COUNT

-- step 7 of 18: delete rows of notifications
--   rows whose recipient_id is the subject or whose about_id is the subject
--   because client-erasure.yaml:238 says so
DELETE FROM public.notifications
WHERE id IN (
  SELECT id FROM public.notifications WHERE recipient_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.notifications WHERE about_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
);
\set efface_rows_7 :ROW_COUNT

-- step 8 of 18: change 3 columns of payments, rule `the client's payments`
--   rows whose (club_id, client_number) is the subject
--   because client-erasure.yaml:186 says so
UPDATE public.payments
SET card_id = NULL,
    receipt_email = NULL,
    note = NULL
WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_3 WHERE rule = 1)
  AND (card_id IS NULL AND receipt_email IS NULL AND note IS NULL) IS NOT TRUE;
\set efface_rows_8 :ROW_COUNT

-- step 9 of 18: change 1 column of payments, rule `somebody else's, paid with the client's card`
--   rows whose card_id is a row of payments_credit_cards whose client_id is the subject, and no rule above takes them
--   because client-erasure.yaml:201 says so
UPDATE public.payments
SET card_id = NULL
WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_3 WHERE rule = 2)
  AND (card_id IS NULL) IS NOT TRUE;
\set efface_rows_9 :ROW_COUNT

-- rows of payments_credit_cards go next. Nothing may reference them by a key on which the database would act by itself.
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('payments', 'rows still reference rows of `payments_credit_cards` that are to be deleted, by `payments_card_id_fkey`, and ON DELETE SET NULL would act on them unasked: settle them with a rule, and look at defaults and triggers',
      (SELECT count(*) FROM public.payments WHERE card_id IN (SELECT id FROM public.payments_credit_cards WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'rows would change that no step names:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'references', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;

-- step 10 of 18: delete rows of payments_credit_cards
--   rows whose client_id is the subject
--   because client-erasure.yaml:93 says so
DELETE FROM public.payments_credit_cards
WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]));
\set efface_rows_10 :ROW_COUNT

-- step 11 of 18: delete rows of profile_images
--   rows whose client_id is the subject
--   because client-erasure.yaml:97 says so
DELETE FROM public.profile_images
WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]));
\set efface_rows_11 :ROW_COUNT

-- subscriptions: a trigger could keep these values back, so they are computed first and compared in the end.
CREATE TEMP TABLE efface_values_12 ON COMMIT DROP AS
SELECT id AS key1,
  CAST((current_date) AS date) AS value1,
  CAST((now()) AS timestamp with time zone) AS value2
FROM public.subscriptions
WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_4 WHERE rule = 1);

-- step 12 of 18: change 4 columns of subscriptions, rule `cancel active`
--   rows whose client_id is the subject, and status in ('active', 'paused')
--   because client-erasure.yaml:155 says so
UPDATE public.subscriptions
SET status = 'cancelled',
    ended_on = efface_values.value1,
    cancelled_at = efface_values.value2,
    cancel_reason = NULL
FROM pg_temp.efface_values_12 AS efface_values
WHERE subscriptions.id = efface_values.key1;
\set efface_rows_12 :ROW_COUNT

-- step 13 of 18: change 1 column of subscriptions, rule `history`
--   rows whose client_id is the subject, and no rule above takes them
--   because client-erasure.yaml:170 says so
UPDATE public.subscriptions
SET cancel_reason = NULL
WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_4 WHERE rule = 2)
  AND (cancel_reason IS NULL) IS NOT TRUE;
\set efface_rows_13 :ROW_COUNT

-- users: a trigger could keep these values back, so they are computed first and compared in the end.
CREATE TEMP TABLE efface_values_14 ON COMMIT DROP AS
SELECT id AS key1,
  ('en'::character varying) AS value1,
  CAST(false AS boolean) AS value2
FROM public.users
WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[]));

-- step 14 of 18: change 25 columns of users, rule `the client`
--   the subject's own row
--   because client-erasure.yaml:34 says so
UPDATE public.users
SET name = '[deleted]',
    email = left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 32) || '@deleted.invalid',
    mobile_no = NULL,
    mobile_device = NULL,
    phone_no = NULL,
    work_no = NULL,
    address_1 = NULL,
    address_2 = NULL,
    address_3 = NULL,
    town = NULL,
    postcode = NULL,
    facebook_id = NULL,
    date_of_birth = NULL,
    height = NULL,
    weight = NULL,
    measurement1 = NULL,
    measurement2 = NULL,
    measurement3 = NULL,
    measurement4 = NULL,
    measurement5 = NULL,
    measurement6 = NULL,
    profile = NULL,
    locale = efface_values.value1,
    marketing = efface_values.value2,
    last_seen_at = NULL
FROM pg_temp.efface_values_14 AS efface_values
WHERE users.id = efface_values.key1;
\set efface_rows_14 :ROW_COUNT

-- audits: rows that a trigger has added are decided too.
INSERT INTO pg_temp.efface_rows_1
SELECT * FROM (
SELECT id AS key1, 1 AS rule, 0 AS round
FROM public.audits
WHERE id IN (
  SELECT id FROM public.audits WHERE user_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.audits WHERE actor_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
)
) AS decided WHERE NOT EXISTS (
    SELECT FROM pg_temp.efface_rows_1 AS known WHERE known.key1 = decided.key1
);

-- step 15 of 18: delete rows of audits
--   rows whose user_id is the subject or whose actor_id is the subject
--   because client-erasure.yaml:78 says so
DELETE FROM public.audits
WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_1 WHERE rule = 1);
\set efface_rows_15 :ROW_COUNT

-- step 16 of 18: change 1 column of visits
--   rows whose booking_id is a row of bookings whose client_id is the subject
--   because client-erasure.yaml:218 says so
UPDATE public.visits
SET device_name = NULL
WHERE (id, visited_at) IN (SELECT key1, key2 FROM pg_temp.efface_rows_5 WHERE rule = 1)
  AND (device_name IS NULL) IS NOT TRUE;
\set efface_rows_16 :ROW_COUNT

-- step 17 of 18: change 2 columns of waiting_list_entries, rule `leave the waiting lists`
--   rows whose client_id is the subject, and status = 'waiting'
--   because client-erasure.yaml:132 says so
UPDATE public.waiting_list_entries
SET status = 'cancelled',
    wish = NULL
WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_6 WHERE rule = 1)
  AND (status = 'cancelled' AND wish IS NULL) IS NOT TRUE;
\set efface_rows_17 :ROW_COUNT

-- step 18 of 18: change 1 column of waiting_list_entries, rule `history`
--   rows whose client_id is the subject, and no rule above takes them
--   because client-erasure.yaml:143 says so
UPDATE public.waiting_list_entries
SET wish = NULL
WHERE id IN (SELECT key1 FROM pg_temp.efface_rows_6 WHERE rule = 2)
  AND (wish IS NULL) IS NOT TRUE;
\set efface_rows_18 :ROW_COUNT

-- Deferred keys and triggers speak here, not in COMMIT.
SET CONSTRAINTS ALL IMMEDIATE;

-- What the steps and the triggers that they fired have done, by table.
SELECT n.nspname AS schema, r.relname AS table,
  sum(c.n_tup_ins - b.ins) AS added, sum(c.n_tup_upd - b.upd) AS changed, sum(c.n_tup_del - b.del) AS deleted
FROM pg_stat_xact_user_tables AS c
CROSS JOIN (SELECT current_setting('efface.counted')::jsonb) AS s (counted)
CROSS JOIN LATERAL (SELECT coalesce((counted -> c.relid::text ->> 0)::bigint, 0),
    coalesce((counted -> c.relid::text ->> 1)::bigint, 0),
    coalesce((counted -> c.relid::text ->> 2)::bigint, 0)) AS b (ins, upd, del)
JOIN pg_class AS r ON r.oid = coalesce(pg_partition_root(c.relid), c.relid)
JOIN pg_namespace AS n ON n.oid = r.relnamespace
WHERE n.nspname !~ '^pg_' AND c.n_tup_ins + c.n_tup_upd + c.n_tup_del > b.ins + b.upd + b.del
GROUP BY 1, 2 ORDER BY 1, 2;

-- audits: rows that a trigger has added are decided too.
INSERT INTO pg_temp.efface_rows_1
SELECT * FROM (
SELECT id AS key1, 1 AS rule, 1 AS round
FROM public.audits
WHERE id IN (
  SELECT id FROM public.audits WHERE user_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.audits WHERE actor_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
)
) AS decided WHERE NOT EXISTS (
    SELECT FROM pg_temp.efface_rows_1 AS known WHERE known.key1 = decided.key1
);

-- bookings: rows that a trigger has added are decided too.
INSERT INTO pg_temp.efface_rows_2
SELECT * FROM (
SELECT id AS key1, CASE WHEN (status = 'booked' and starts_at > now()) THEN 1 ELSE 2 END AS rule, 1 AS round
FROM public.bookings
WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
) AS decided WHERE NOT EXISTS (
    SELECT FROM pg_temp.efface_rows_2 AS known WHERE known.key1 = decided.key1
);

-- payments: rows that a trigger has added are decided too.
INSERT INTO pg_temp.efface_rows_3
SELECT * FROM (
SELECT id AS key1, CASE WHEN (club_id, client_number) IN (SELECT club_id, number FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))) THEN 1 WHEN card_id IN (SELECT id FROM public.payments_credit_cards WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))) THEN 2 END AS rule, 1 AS round
FROM public.payments
WHERE id IN (
  SELECT id FROM public.payments WHERE (club_id, client_number) IN (SELECT club_id, number FROM public.users WHERE id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))
  UNION ALL
  SELECT id FROM public.payments WHERE card_id IN (SELECT id FROM public.payments_credit_cards WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))
)
) AS decided WHERE NOT EXISTS (
    SELECT FROM pg_temp.efface_rows_3 AS known WHERE known.key1 = decided.key1
);

-- subscriptions: rows that a trigger has added are decided too.
INSERT INTO pg_temp.efface_rows_4
SELECT * FROM (
SELECT id AS key1, CASE WHEN (status in ('active', 'paused')) THEN 1 ELSE 2 END AS rule, 1 AS round
FROM public.subscriptions
WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
) AS decided WHERE NOT EXISTS (
    SELECT FROM pg_temp.efface_rows_4 AS known WHERE known.key1 = decided.key1
);

-- visits: rows that a trigger has added are decided too.
INSERT INTO pg_temp.efface_rows_5
SELECT * FROM (
SELECT id AS key1, visited_at AS key2, 1 AS rule, 1 AS round
FROM public.visits
WHERE booking_id IN (SELECT id FROM public.bookings WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))
) AS decided WHERE NOT EXISTS (
    SELECT FROM pg_temp.efface_rows_5 AS known WHERE known.key1 = decided.key1 AND known.key2 = decided.key2
);

-- waiting_list_entries: rows that a trigger has added are decided too.
INSERT INTO pg_temp.efface_rows_6
SELECT * FROM (
SELECT id AS key1, CASE WHEN (status = 'waiting') THEN 1 ELSE 2 END AS rule, 1 AS round
FROM public.waiting_list_entries
WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
) AS decided WHERE NOT EXISTS (
    SELECT FROM pg_temp.efface_rows_6 AS known WHERE known.key1 = decided.key1
);
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('bookings, rule `cancel upcoming`', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.bookings WHERE (id IN (SELECT key1 FROM pg_temp.efface_rows_2 WHERE rule = 1)) AND (status = 'cancelled' AND note IS NULL) IS NOT TRUE)),
    ('bookings', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.bookings, pg_temp.efface_values_1 AS efface_values WHERE bookings.id = efface_values.key1 AND (bookings.cancelled_at::text IS NOT DISTINCT FROM efface_values.value1::text) IS NOT TRUE)),
    ('bookings, rule `history`', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.bookings WHERE (id IN (SELECT key1 FROM pg_temp.efface_rows_2 WHERE rule = 2)) AND (note IS NULL) IS NOT TRUE)),
    ('client_linkings', 'rows that were to be deleted are there: look at the triggers of the table',
      (SELECT count(*) FROM public.client_linkings WHERE (id IN (
  SELECT id FROM public.client_linkings WHERE client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.client_linkings WHERE linked_client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
)))),
    ('client_trainers', 'rows that were to be deleted are there: look at the triggers of the table',
      (SELECT count(*) FROM public.client_trainers WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))))),
    ('identities_bases', 'rows that were to be deleted are there: look at the triggers of the table',
      (SELECT count(*) FROM public.identities_bases WHERE (user_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))))),
    ('notes', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.notes WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))) AND (body = '[deleted]') IS NOT TRUE)),
    ('notifications', 'rows that were to be deleted are there: look at the triggers of the table',
      (SELECT count(*) FROM public.notifications WHERE (id IN (
  SELECT id FROM public.notifications WHERE recipient_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
  UNION ALL
  SELECT id FROM public.notifications WHERE about_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))
)))),
    ('payments, rule `the client''s payments`', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.payments WHERE (id IN (SELECT key1 FROM pg_temp.efface_rows_3 WHERE rule = 1)) AND (card_id IS NULL AND receipt_email IS NULL AND note IS NULL) IS NOT TRUE)),
    ('payments, rule `somebody else''s, paid with the client''s card`', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.payments WHERE (id IN (SELECT key1 FROM pg_temp.efface_rows_3 WHERE rule = 2)) AND (card_id IS NULL) IS NOT TRUE)),
    ('payments_credit_cards', 'rows that were to be deleted are there: look at the triggers of the table',
      (SELECT count(*) FROM public.payments_credit_cards WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))))),
    ('profile_images', 'rows that were to be deleted are there: look at the triggers of the table',
      (SELECT count(*) FROM public.profile_images WHERE (client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))))),
    ('subscriptions, rule `cancel active`', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.subscriptions WHERE (id IN (SELECT key1 FROM pg_temp.efface_rows_4 WHERE rule = 1)) AND (status = 'cancelled' AND cancel_reason IS NULL) IS NOT TRUE)),
    ('subscriptions', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.subscriptions, pg_temp.efface_values_12 AS efface_values WHERE subscriptions.id = efface_values.key1 AND (subscriptions.ended_on::text IS NOT DISTINCT FROM efface_values.value1::text AND subscriptions.cancelled_at::text IS NOT DISTINCT FROM efface_values.value2::text) IS NOT TRUE)),
    ('subscriptions, rule `history`', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.subscriptions WHERE (id IN (SELECT key1 FROM pg_temp.efface_rows_4 WHERE rule = 2)) AND (cancel_reason IS NULL) IS NOT TRUE)),
    ('users, rule `the client`', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.users WHERE (id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))) AND (name = CAST('[deleted]' AS character varying(80)) AND email::text ~ E'^[0-9a-f]+@deleted\\.invalid$' AND length(email::text) = 48 AND mobile_no IS NULL AND mobile_device IS NULL AND phone_no IS NULL AND work_no IS NULL AND address_1 IS NULL AND address_2 IS NULL AND address_3 IS NULL AND town IS NULL AND postcode IS NULL AND facebook_id IS NULL AND date_of_birth IS NULL AND height IS NULL AND weight IS NULL AND measurement1 IS NULL AND measurement2 IS NULL AND measurement3 IS NULL AND measurement4 IS NULL AND measurement5 IS NULL AND measurement6 IS NULL AND profile IS NULL AND last_seen_at IS NULL) IS NOT TRUE)),
    ('users', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.users, pg_temp.efface_values_14 AS efface_values WHERE users.id = efface_values.key1 AND (users.locale::text IS NOT DISTINCT FROM efface_values.value1::text AND users.marketing::text IS NOT DISTINCT FROM efface_values.value2::text) IS NOT TRUE)),
    ('audits', 'rows that were to be deleted are there: look at the triggers of the table',
      (SELECT count(*) FROM public.audits WHERE (id IN (SELECT key1 FROM pg_temp.efface_rows_1 WHERE rule = 1)))),
    ('visits', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.visits WHERE ((id, visited_at) IN (SELECT key1, key2 FROM pg_temp.efface_rows_5 WHERE rule = 1)) AND (device_name IS NULL) IS NOT TRUE)),
    ('waiting_list_entries, rule `leave the waiting lists`', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.waiting_list_entries WHERE (id IN (SELECT key1 FROM pg_temp.efface_rows_6 WHERE rule = 1)) AND (status = 'cancelled' AND wish IS NULL) IS NOT TRUE)),
    ('waiting_list_entries, rule `history`', 'rows do not have the new values: look at the triggers of the table',
      (SELECT count(*) FROM public.waiting_list_entries WHERE (id IN (SELECT key1 FROM pg_temp.efface_rows_6 WHERE rule = 2)) AND (wish IS NULL) IS NOT TRUE))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'a step did not do what it said:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'steps', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('audits', 'rows were deleted that no step names, by a trigger: look at the triggers that the plan lists, or decide these rows with a rule',
      (SELECT greatest((pg_stat_get_xact_tuples_deleted('public.audits'::regclass) - pg_stat_get_xact_tuples_inserted('public.audits'::regclass)) - (current_setting('efface.going')::jsonb ->> 0)::bigint, 0))),
    ('bookings', 'rows were deleted that no step names, by a trigger: look at the triggers that the plan lists, or decide these rows with a rule',
      (SELECT greatest((pg_stat_get_xact_tuples_deleted('public.bookings'::regclass) - pg_stat_get_xact_tuples_inserted('public.bookings'::regclass)) - (current_setting('efface.going')::jsonb ->> 1)::bigint, 0))),
    ('subscriptions', 'rows were deleted that no step names, by a trigger: look at the triggers that the plan lists, or decide these rows with a rule',
      (SELECT greatest((pg_stat_get_xact_tuples_deleted('public.subscriptions'::regclass) - pg_stat_get_xact_tuples_inserted('public.subscriptions'::regclass)) - (current_setting('efface.going')::jsonb ->> 2)::bigint, 0))),
    ('users', 'rows were deleted that no step names, by a trigger: look at the triggers that the plan lists, or decide these rows with a rule',
      (SELECT greatest((pg_stat_get_xact_tuples_deleted('public.users'::regclass) - pg_stat_get_xact_tuples_inserted('public.users'::regclass)) - (current_setting('efface.going')::jsonb ->> 3)::bigint, 0)))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'a trigger did what no step says:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'unnamed', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;
SET LOCAL enable_hashagg TO DEFAULT;
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('sessions conducted per month', 'the report''s rows differ from before: the policy changes what it counts, or another session did',
      (SELECT coalesce(sum(abs(coalesce(b.n, 0) - coalesce(a.n, 0))), 0)::bigint FROM pg_temp.efface_report_1 AS b FULL JOIN (SELECT encode(sha256(convert_to(efface_row::text, 'UTF8')), 'hex') AS h, count(*) AS n
FROM (
select club_id, date_trunc('month', starts_at) as month, count(distinct session_id) as sessions, count(*) as attended
from bookings
where status = 'attended' and starts_at < date_trunc('month', now())
group by club_id, month
) AS efface_row
GROUP BY 1) AS a ON a.h = b.h)),
    ('visits per month', 'the report''s rows differ from before: the policy changes what it counts, or another session did',
      (SELECT coalesce(sum(abs(coalesce(b.n, 0) - coalesce(a.n, 0))), 0)::bigint FROM pg_temp.efface_report_2 AS b FULL JOIN (SELECT encode(sha256(convert_to(efface_row::text, 'UTF8')), 'hex') AS h, count(*) AS n
FROM (
select date_trunc('month', visited_at) as month, door, count(*) as visits
from visits
where visited_at < date_trunc('month', now())
group by month, door
) AS efface_row
GROUP BY 1) AS a ON a.h = b.h)),
    ('revenue per month', 'the report''s rows differ from before: the policy changes what it counts, or another session did',
      (SELECT coalesce(sum(abs(coalesce(b.n, 0) - coalesce(a.n, 0))), 0)::bigint FROM pg_temp.efface_report_3 AS b FULL JOIN (SELECT encode(sha256(convert_to(efface_row::text, 'UTF8')), 'hex') AS h, count(*) AS n
FROM (
select club_id, date_trunc('month', paid_at) as month, status, sum(amount) as amount, count(*) as payments
from payments
where paid_at < date_trunc('month', now())
group by club_id, month, status
) AS efface_row
GROUP BY 1) AS a ON a.h = b.h)),
    ('joiners per month', 'the report''s rows differ from before: the policy changes what it counts, or another session did',
      (SELECT coalesce(sum(abs(coalesce(b.n, 0) - coalesce(a.n, 0))), 0)::bigint FROM pg_temp.efface_report_4 AS b FULL JOIN (SELECT encode(sha256(convert_to(efface_row::text, 'UTF8')), 'hex') AS h, count(*) AS n
FROM (
select club_id, date_trunc('month', created_at) as month, count(*) as joiners, count(referred_by_id) as referred
from users
where role = 'client' and created_at < date_trunc('month', now())
group by club_id, month
) AS efface_row
GROUP BY 1) AS a ON a.h = b.h))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'a report moved:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'reports', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;

-- Where old values still are: in rows that were reached or written, and in those of other people.
CREATE TEMP TABLE efface_seen (relation text, name text, place text, anywhere boolean, reached boolean, n bigint) ON COMMIT DROP;
INSERT INTO pg_temp.efface_seen
SELECT 'audits', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((false) OR age(xmin) <= 0) IS TRUE AS reached, audits.event::text AS cell1, audits.old_row::text AS cell2
  FROM public.audits
  WHERE lower(concat_ws(' ', '', audits.event::text, audits.old_row::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('event', cell1), ('old_row', cell2)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'bookings', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((id IN (SELECT key1 FROM pg_temp.efface_rows_2 WHERE rule IN (1, 2))) OR age(xmin) <= 0) IS TRUE AS reached, bookings.note::text AS cell1
  FROM public.bookings
  WHERE lower(concat_ws(' ', '', bookings.note::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('note', cell1)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'client_linkings', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((false) OR age(xmin) <= 0) IS TRUE AS reached, client_linkings.relation::text AS cell1
  FROM public.client_linkings
  WHERE lower(concat_ws(' ', '', client_linkings.relation::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('relation', cell1)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'identities_bases', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((false) OR age(xmin) <= 0) IS TRUE AS reached, identities_bases.password_digest::text AS cell1, identities_bases.provider::text AS cell2, identities_bases.uid::text AS cell3
  FROM public.identities_bases
  WHERE lower(concat_ws(' ', '', identities_bases.password_digest::text, identities_bases.provider::text, identities_bases.uid::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('password_digest', cell1), ('provider', cell2), ('uid', cell3)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'notes', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((client_id IN (SELECT unnest(current_setting('efface.key1')::bigint[]))) OR age(xmin) <= 0) IS TRUE AS reached, notes.body::text AS cell1
  FROM public.notes
  WHERE lower(concat_ws(' ', '', notes.body::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('body', cell1)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'notifications', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((false) OR age(xmin) <= 0) IS TRUE AS reached, notifications.body::text AS cell1, notifications.kind::text AS cell2
  FROM public.notifications
  WHERE lower(concat_ws(' ', '', notifications.body::text, notifications.kind::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('body', cell1), ('kind', cell2)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'payments', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((id IN (SELECT key1 FROM pg_temp.efface_rows_3 WHERE rule IN (1, 2))) OR age(xmin) <= 0) IS TRUE AS reached, payments.note::text AS cell1, payments.receipt_email::text AS cell2
  FROM public.payments
  WHERE lower(concat_ws(' ', '', payments.note::text, payments.receipt_email::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('note', cell1), ('receipt_email', cell2)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'payments_credit_cards', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((false) OR age(xmin) <= 0) IS TRUE AS reached, payments_credit_cards.holder::text AS cell1, payments_credit_cards.last_digits::text AS cell2, payments_credit_cards.token::text AS cell3
  FROM public.payments_credit_cards
  WHERE lower(concat_ws(' ', '', payments_credit_cards.holder::text, payments_credit_cards.last_digits::text, payments_credit_cards.token::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('holder', cell1), ('last_digits', cell2), ('token', cell3)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'profile_images', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((false) OR age(xmin) <= 0) IS TRUE AS reached, profile_images.content_type::text AS cell1, profile_images.storage_key::text AS cell2
  FROM public.profile_images
  WHERE lower(concat_ws(' ', '', profile_images.content_type::text, profile_images.storage_key::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('content_type', cell1), ('storage_key', cell2)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'subscriptions', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((id IN (SELECT key1 FROM pg_temp.efface_rows_4 WHERE rule IN (1, 2))) OR age(xmin) <= 0) IS TRUE AS reached, subscriptions.cancel_reason::text AS cell1, subscriptions.plan::text AS cell2
  FROM public.subscriptions
  WHERE lower(concat_ws(' ', '', subscriptions.cancel_reason::text, subscriptions.plan::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('cancel_reason', cell1), ('plan', cell2)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'users', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((id IN (SELECT unnest(current_setting('efface.key1')::bigint[])))) IS TRUE AS reached, users.address_1::text AS cell1, users.address_2::text AS cell2, users.address_3::text AS cell3, users.email::text AS cell4, users.facebook_id::text AS cell5, users.locale::text AS cell6, users.mobile_device::text AS cell7, users.mobile_no::text AS cell8, users.name::text AS cell9, users.phone_no::text AS cell10, users.postcode::text AS cell11, users.profile::text AS cell12, users.search_name::text AS cell13, users.town::text AS cell14, users.work_no::text AS cell15
  FROM public.users
  WHERE lower(concat_ws(' ', '', users.address_1::text, users.address_2::text, users.address_3::text, users.email::text, users.facebook_id::text, users.locale::text, users.mobile_device::text, users.mobile_no::text, users.name::text, users.phone_no::text, users.postcode::text, users.profile::text, users.search_name::text, users.town::text, users.work_no::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('address_1', cell1), ('address_2', cell2), ('address_3', cell3), ('email', cell4), ('facebook_id', cell5), ('locale', cell6), ('mobile_device', cell7), ('mobile_no', cell8), ('name', cell9), ('phone_no', cell10), ('postcode', cell11), ('profile', cell12), ('search_name', cell13), ('town', cell14), ('work_no', cell15)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'visits', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT (((id, visited_at) IN (SELECT key1, key2 FROM pg_temp.efface_rows_5 WHERE rule = 1)) OR age(xmin) <= 0) IS TRUE AS reached, visits.device_name::text AS cell1, visits.door::text AS cell2
  FROM public.visits
  WHERE lower(concat_ws(' ', '', visits.device_name::text, visits.door::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('device_name', cell1), ('door', cell2)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
INSERT INTO pg_temp.efface_seen
SELECT 'waiting_list_entries', cell.name, gone.place, gone.anywhere, reached, count(*)
FROM (
  SELECT ((id IN (SELECT key1 FROM pg_temp.efface_rows_6 WHERE rule IN (1, 2))) OR age(xmin) <= 0) IS TRUE AS reached, waiting_list_entries.wish::text AS cell1
  FROM public.waiting_list_entries
  WHERE lower(concat_ws(' ', '', waiting_list_entries.wish::text) COLLATE "C") LIKE ANY ((SELECT array_agg(sieve) FROM pg_temp.efface_gone, unnest(coarse) AS sieve)::text[])
) AS efface_row
CROSS JOIN LATERAL (VALUES ('wish', cell1)) AS cell (name, text)
JOIN pg_temp.efface_gone AS gone ON gone.plain <> '' AND CASE WHEN cell.text COLLATE "C" ~ '\\|&[#A-Za-z]' THEN CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.coarse) THEN cell.text COLLATE "C" ~ gone.escaped ELSE false END ELSE CASE WHEN lower(cell.text COLLATE "C") LIKE ANY (gone.sieves) THEN cell.text COLLATE "C" ~ gone.plain ELSE false END END
GROUP BY cell.name, gone.place, gone.anywhere, reached;
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', relation || '.' || name, 'message', CASE WHEN reached
    THEN 'values of ' || place || ' are still in rows that were reached or written: decide this column, or the table, in the policy'
    ELSE 'values of ' || place || ' are in other rows, and the policy says `anywhere: error`' END, 'rows', n)
    ORDER BY relation, name, place, reached) INTO efface_found
  FROM pg_temp.efface_seen WHERE reached OR anywhere;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'values are not gone:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'gone', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;
SELECT relation, name, place, n AS rows FROM pg_temp.efface_seen
UNION ALL
SELECT NULL, NULL, place, short FROM pg_temp.efface_gone WHERE short > 0
ORDER BY 1, 2, 3;

-- The ledger: who it was, what was run, how many rows; no values.
SELECT set_config('efface.rows', ARRAY[:efface_rows_1, :efface_rows_2, :efface_rows_3, :efface_rows_4, :efface_rows_5, :efface_rows_6, :efface_rows_7, :efface_rows_8, :efface_rows_9, :efface_rows_10, :efface_rows_11, :efface_rows_12, :efface_rows_13, :efface_rows_14, :efface_rows_15, :efface_rows_16, :efface_rows_17, :efface_rows_18]::bigint[]::text, true) IS NOT NULL AS rows_are_told;
SET LOCAL lock_timeout = '5s';

-- One writes at a time: locked first, read in a statement of its own.
LOCK TABLE efface.turn IN EXCLUSIVE MODE;
DO $efface$
#variable_conflict use_column
DECLARE
  efface_found jsonb;
BEGIN
  SELECT jsonb_agg(jsonb_build_object('name', name, 'message', message, 'rows', n)) INTO efface_found
  FROM (VALUES
    ('users', 'another run has erased the same subject meanwhile: run again, and it is recognised',
      (SELECT count(DISTINCT known.subject) - cardinality(current_setting('efface.known')::text[])
  FROM efface.erased AS known
  JOIN efface.ledger AS entry ON entry.seq = known.entry AND entry.policy = 'client-erasure' AND entry.subject IS NOT DISTINCT FROM 'users' AND entry.key = ARRAY['id']::text[]
  WHERE known.subject IN (SELECT pg_catalog.unnest(current_setting('efface.subjects')::text[]))))
  ) AS efface_check (name, message, n) WHERE n IS DISTINCT FROM 0;
  IF efface_found IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'EF001',
      MESSAGE = 'somebody was faster:' || (SELECT string_agg(format(E'\n- %s: %s (%s)', f ->> 'name', f ->> 'message', f ->> 'rows'), '') FROM jsonb_array_elements(efface_found) AS f),
      DETAIL = jsonb_build_object('assertion', 'meanwhile', 'findings', efface_found)::text;
  END IF;
  PERFORM set_config('efface.passed', (current_setting('efface.passed')::integer + 1)::text, true);
END $efface$;
WITH subjects AS (
  SELECT DISTINCT pg_catalog.unnest(current_setting('efface.subjects')::text[]) AS subject
), steps AS (
  SELECT step.number, step.action, step.name, coalesce(sum(ran.rows), 0)::bigint AS rows
  FROM (VALUES
    (1, 'change', 'bookings'),
    (2, 'change', 'bookings'),
    (3, 'delete', 'client_linkings'),
    (4, 'delete', 'client_trainers'),
    (5, 'delete', 'identities_bases'),
    (6, 'change', 'notes'),
    (7, 'delete', 'notifications'),
    (8, 'change', 'payments'),
    (9, 'change', 'payments'),
    (10, 'delete', 'payments_credit_cards'),
    (11, 'delete', 'profile_images'),
    (12, 'change', 'subscriptions'),
    (13, 'change', 'subscriptions'),
    (14, 'change', 'users'),
    (15, 'delete', 'audits'),
    (16, 'change', 'visits'),
    (17, 'change', 'waiting_list_entries'),
    (18, 'change', 'waiting_list_entries')
  ) AS step (number, action, name)
  LEFT JOIN unnest('{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18}'::integer[], current_setting('efface.rows')::bigint[]) AS ran (number, rows) ON ran.number = step.number
  GROUP BY step.number, step.action, step.name
), entry AS (
  SELECT
    coalesce((SELECT max(seq) FROM efface.ledger), 0) + 1 AS seq,
    coalesce((SELECT digest FROM efface.ledger ORDER BY seq DESC LIMIT 1), repeat('0', 64)) AS prev,
    now() AS at,
    session_user::text AS role,
    pg_current_xact_id()::text AS transaction,
    current_setting('efface.runner') AS runner,
    'client-erasure'::text AS policy,
    '09f17595c96b1924c546a2dbf27af63e81193f54c16bfcf234f756d33a7650ad'::text AS policy_sha256,
    '8b36392e21db6aa4630659f3cc9ed7ccd54ec1bc9b5d2dab89a0623471021d48'::text AS plan_sha256,
    'users'::text AS subject,
    ARRAY['id']::text[] AS key,
    'given'::text AS chosen,
    (SELECT count(*) FROM subjects) AS subjects,
    (SELECT encode(sha256(convert_to(coalesce(string_agg(subject, E'\n' ORDER BY subject COLLATE "C"), ''), 'UTF8')), 'hex') FROM subjects) AS subjects_sha256,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('action', action, 'table', name, 'rows', rows) ORDER BY number), '[]') FROM steps) AS steps
), written AS (
  INSERT INTO efface.ledger (seq, prev, digest, at, role, transaction, runner, policy, policy_sha256, plan_sha256, subject, key, chosen, subjects, subjects_sha256, steps)
  SELECT seq, prev, encode(sha256(convert_to(concat_ws(E'\n',
      'efface ledger entry, version 1',
      'seq ' || seq,
      'prev ' || to_json(prev)::text,
      'at ' || to_json(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text,
      'role ' || to_json(role)::text,
      'transaction ' || to_json(transaction)::text,
      'runner ' || to_json(runner)::text,
      'policy ' || to_json(policy)::text,
      'policy_sha256 ' || to_json(policy_sha256)::text,
      'plan_sha256 ' || to_json(plan_sha256)::text,
      'subject ' || to_json(subject)::text,
      'key ' || array_to_json(key)::text,
      'chosen ' || to_json(chosen)::text,
      'subjects ' || subjects || ' ' || to_json(subjects_sha256)::text,
      (SELECT string_agg(concat_ws(' ', 'step', number, to_json(action)::text, rows, to_json(name)::text), E'\n' ORDER BY number) FROM steps)
    ), 'UTF8')), 'hex'), at, role, transaction, runner, policy, policy_sha256, plan_sha256, subject, key, chosen, subjects, subjects_sha256, steps
  FROM entry RETURNING seq, digest
), listed AS (
  INSERT INTO efface.erased (entry, subject) SELECT written.seq, subjects.subject FROM written, subjects
)
SELECT seq, digest FROM written;

-- All 14 assertions have passed, or this makes COMMIT fail.
SET CONSTRAINTS pg_temp.efface_assertions_failed DEFERRED;
INSERT INTO pg_temp.efface_gate SELECT 1 FROM generate_series(1, CASE WHEN current_setting('efface.passed') = '14' THEN 1 ELSE 2 END);
COMMIT;
