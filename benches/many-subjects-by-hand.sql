-- The best that a person would write by hand to erase many clients at once as benches/many-subjects.yaml says: the keys
-- as one array, everything by index, one statement for each table, in one transaction. `file` holds the array as text.
--
-- It asks whether all of them are clients, and locks their rows first. It doesn't look afterwards whether anything is left.
\set ON_ERROR_STOP on
\set QUIET on
\o /dev/null
\set keys `cat :'file'`
BEGIN;
SET LOCAL lock_timeout = '300ms';
SET LOCAL statement_timeout = '10min';
SET LOCAL jit = off;
SELECT set_config('erase.keys', :'keys', true) IS NOT NULL;
SELECT count(*) FROM (
    SELECT 1 FROM users WHERE id IN (SELECT unnest(current_setting('erase.keys')::bigint[])) ORDER BY id FOR UPDATE
) AS locked;
DO $$
BEGIN
    IF cardinality(current_setting('erase.keys')::bigint[]) <> (
        SELECT count(*) FROM users
        WHERE id IN (SELECT unnest(current_setting('erase.keys')::bigint[])) AND role = 'client'
    ) THEN
        RAISE EXCEPTION 'not all of them are clients';
    END IF;
END $$;
DELETE FROM audits WHERE user_id IN (SELECT unnest(current_setting('erase.keys')::bigint[]));
UPDATE bookings SET note = NULL
WHERE user_id IN (SELECT unnest(current_setting('erase.keys')::bigint[])) AND note IS NOT NULL;
DELETE FROM notes WHERE user_id IN (SELECT unnest(current_setting('erase.keys')::bigint[]));
UPDATE users SET
    name = '[deleted]',
    email = left(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 32) || '@deleted.invalid',
    phone = NULL
WHERE id IN (SELECT unnest(current_setting('erase.keys')::bigint[]));
COMMIT;
