-- What a careful DBA writes by hand to erase one client as policies/client-erasure.yaml says: the yardstick of
-- benches/one-client.sh.
--
--     psql -X -v ON_ERROR_STOP=1 -v subject=42 -f benches/one-client.sql
--
-- It is good, and knows less than a plan of efface: it doesn't notice a column or a foreign key that was added since it
-- was written, locks the client's row but not the rows below it, and leaves no receipt. With `-v reports=off` it leaves
-- the reports out, which with many clients take most of the time.
\if :{?reports} \else \set reports on \endif
\set ON_ERROR_STOP on
\set ON_ERROR_ROLLBACK off
\set QUIET on
\o /dev/null

BEGIN;
SET LOCAL lock_timeout = '300ms';
SET LOCAL statement_timeout = '60s';
SET LOCAL idle_in_transaction_session_timeout = '60s';
SET LOCAL TimeZone = 'UTC';
-- DO blocks can't read psql's variables.
SELECT set_config('club.subject', :'subject', true);

-- A new booking for the client has to wait for this lock.
SELECT 1 FROM users WHERE id = :'subject'::bigint FOR UPDATE;

DO $$
DECLARE
    client users;
    blockers text[];
BEGIN
    SELECT * INTO client FROM users WHERE id = current_setting('club.subject')::bigint AND role = 'client';
    IF NOT found THEN
        RAISE EXCEPTION 'there is no client with this id';
    END IF;
    SELECT array_agg(blocker) INTO blockers FROM (
        SELECT 'payment ' || id || ': settle, refund or write it off first' AS blocker FROM payments
        WHERE club_id = client.club_id AND client_number = client.number AND status IN ('due', 'failed')
        UNION ALL
        SELECT 'subscription ' || id || ': refund or write off its credits first' FROM subscriptions
        WHERE client_id = client.id AND status IN ('active', 'paused') AND credits_left > 0
    ) AS found_blockers;
    IF blockers IS NOT NULL THEN
        RAISE EXCEPTION 'blocked by %', array_to_string(blockers, '; ');
    END IF;
END $$;

-- The reports, before.
\if :reports
CREATE TEMP TABLE sessions_before ON COMMIT DROP AS
SELECT club_id, date_trunc('month', starts_at) AS month, count(DISTINCT session_id) AS sessions, count(*) AS attended
FROM bookings WHERE status = 'attended' AND starts_at < date_trunc('month', now()) GROUP BY club_id, month;
CREATE TEMP TABLE visits_before ON COMMIT DROP AS
SELECT date_trunc('month', visited_at) AS month, door, count(*) AS visits
FROM visits WHERE visited_at < date_trunc('month', now()) GROUP BY month, door;
CREATE TEMP TABLE revenue_before ON COMMIT DROP AS
SELECT club_id, date_trunc('month', paid_at) AS month, status, sum(amount) AS amount, count(*) AS payments
FROM payments WHERE paid_at < date_trunc('month', now()) GROUP BY club_id, month, status;
CREATE TEMP TABLE joiners_before ON COMMIT DROP AS
SELECT club_id, date_trunc('month', created_at) AS month, count(*) AS joiners, count(referred_by_id) AS referred
FROM users WHERE role = 'client' AND created_at < date_trunc('month', now()) GROUP BY club_id, month;
\endif

-- Payments before cards: they are found by the card, and ON DELETE SET NULL would do half of it unseen.
UPDATE payments AS p SET card_id = NULL, receipt_email = NULL, note = NULL
FROM users AS u WHERE u.id = :'subject'::bigint AND p.club_id = u.club_id AND p.client_number = u.number;
UPDATE payments SET card_id = NULL
WHERE card_id IN (SELECT id FROM payments_credit_cards WHERE client_id = :'subject'::bigint);

UPDATE bookings SET
    status = CASE WHEN status = 'booked' AND starts_at > now() THEN 'cancelled' ELSE status END,
    cancelled_at = CASE WHEN status = 'booked' AND starts_at > now() THEN now() ELSE cancelled_at END,
    note = NULL
WHERE client_id = :'subject'::bigint AND (status = 'booked' AND starts_at > now() OR note IS NOT NULL);
UPDATE waiting_list_entries SET status = CASE status WHEN 'waiting' THEN 'cancelled' ELSE status END, wish = NULL
WHERE client_id = :'subject'::bigint AND (status = 'waiting' OR wish IS NOT NULL);
UPDATE subscriptions SET
    status = CASE WHEN status IN ('active', 'paused') THEN 'cancelled' ELSE status END,
    ended_on = CASE WHEN status IN ('active', 'paused') THEN current_date ELSE ended_on END,
    cancelled_at = CASE WHEN status IN ('active', 'paused') THEN now() ELSE cancelled_at END,
    cancel_reason = NULL
WHERE client_id = :'subject'::bigint AND (status IN ('active', 'paused') OR cancel_reason IS NOT NULL);
UPDATE visits SET device_name = NULL
WHERE booking_id IN (SELECT id FROM bookings WHERE client_id = :'subject'::bigint) AND device_name IS NOT NULL;
UPDATE notes SET body = '[deleted]' WHERE client_id = :'subject'::bigint AND body <> '[deleted]';

DELETE FROM identities_bases WHERE user_id = :'subject'::bigint;
DELETE FROM client_linkings WHERE client_id = :'subject'::bigint OR linked_client_id = :'subject'::bigint;
DELETE FROM client_trainers WHERE client_id = :'subject'::bigint;
DELETE FROM payments_credit_cards WHERE client_id = :'subject'::bigint;
DELETE FROM profile_images WHERE client_id = :'subject'::bigint;
DELETE FROM notifications WHERE recipient_id = :'subject'::bigint OR about_id = :'subject'::bigint;

UPDATE users SET
    name = '[deleted]', email = replace(gen_random_uuid()::text, '-', '') || '@deleted.invalid',
    mobile_no = NULL, mobile_device = NULL, phone_no = NULL, work_no = NULL,
    address_1 = NULL, address_2 = NULL, address_3 = NULL, town = NULL, postcode = NULL,
    facebook_id = NULL, date_of_birth = NULL, height = NULL, weight = NULL,
    measurement1 = NULL, measurement2 = NULL, measurement3 = NULL,
    measurement4 = NULL, measurement5 = NULL, measurement6 = NULL,
    profile = NULL, locale = DEFAULT, marketing = DEFAULT, last_seen_at = NULL
WHERE id = :'subject'::bigint;

-- Last: the audit triggers have just written the old rows in here.
DELETE FROM audits WHERE user_id = :'subject'::bigint OR actor_id = :'subject'::bigint;

DO $$
DECLARE
    client users;
    leftover bigint;
BEGIN
    SELECT * INTO client FROM users WHERE id = current_setting('club.subject')::bigint;
    IF client.name <> '[deleted]' OR client.email NOT LIKE '%@deleted.invalid'
       OR num_nonnulls(client.mobile_no, client.mobile_device, client.phone_no, client.work_no, client.address_1,
                       client.address_2, client.address_3, client.town, client.postcode, client.facebook_id,
                       client.date_of_birth, client.height, client.weight, client.measurement1, client.measurement2,
                       client.measurement3, client.measurement4, client.measurement5, client.measurement6,
                       client.profile, client.last_seen_at) > 0 THEN
        RAISE EXCEPTION 'the client''s row still has values';
    END IF;
    SELECT (SELECT count(*) FROM identities_bases WHERE user_id = client.id)
         + (SELECT count(*) FROM client_linkings WHERE client.id IN (client_id, linked_client_id))
         + (SELECT count(*) FROM client_trainers WHERE client_id = client.id)
         + (SELECT count(*) FROM payments_credit_cards WHERE client_id = client.id)
         + (SELECT count(*) FROM profile_images WHERE client_id = client.id)
         + (SELECT count(*) FROM notifications WHERE client.id IN (recipient_id, about_id))
         + (SELECT count(*) FROM audits WHERE client.id IN (user_id, actor_id))
         + (SELECT count(*) FROM bookings WHERE client_id = client.id
            AND (note IS NOT NULL OR status = 'booked' AND starts_at > now()))
         + (SELECT count(*) FROM visits AS v JOIN bookings AS b ON b.id = v.booking_id
            WHERE b.client_id = client.id AND v.device_name IS NOT NULL)
         + (SELECT count(*) FROM waiting_list_entries WHERE client_id = client.id AND (status = 'waiting' OR wish IS NOT NULL))
         + (SELECT count(*) FROM subscriptions WHERE client_id = client.id
            AND (status IN ('active', 'paused') OR cancel_reason IS NOT NULL))
         + (SELECT count(*) FROM payments WHERE club_id = client.club_id AND client_number = client.number
            AND num_nonnulls(card_id, receipt_email, note) > 0)
         + (SELECT count(*) FROM notes WHERE client_id = client.id AND body <> '[deleted]')
    INTO leftover;
    IF leftover > 0 THEN
        RAISE EXCEPTION '% rows are left over', leftover;
    END IF;
END $$;

\if :reports
DO $$
DECLARE
    moved text[];
BEGIN
    -- UNION minus INTERSECT: what one side has and the other has not.
    CREATE TEMP TABLE sessions_after ON COMMIT DROP AS
    SELECT club_id, date_trunc('month', starts_at) AS month, count(DISTINCT session_id) AS sessions, count(*) AS attended
    FROM bookings WHERE status = 'attended' AND starts_at < date_trunc('month', now()) GROUP BY club_id, month;
    CREATE TEMP TABLE visits_after ON COMMIT DROP AS
    SELECT date_trunc('month', visited_at) AS month, door, count(*) AS visits
    FROM visits WHERE visited_at < date_trunc('month', now()) GROUP BY month, door;
    CREATE TEMP TABLE revenue_after ON COMMIT DROP AS
    SELECT club_id, date_trunc('month', paid_at) AS month, status, sum(amount) AS amount, count(*) AS payments
    FROM payments WHERE paid_at < date_trunc('month', now()) GROUP BY club_id, month, status;
    CREATE TEMP TABLE joiners_after ON COMMIT DROP AS
    SELECT club_id, date_trunc('month', created_at) AS month, count(*) AS joiners, count(referred_by_id) AS referred
    FROM users WHERE role = 'client' AND created_at < date_trunc('month', now()) GROUP BY club_id, month;
    SELECT array_agg(name) INTO moved FROM (
        SELECT 'sessions conducted' AS name WHERE EXISTS (
            (TABLE sessions_before UNION TABLE sessions_after) EXCEPT (TABLE sessions_before INTERSECT TABLE sessions_after))
        UNION ALL
        SELECT 'visits' WHERE EXISTS (
            (TABLE visits_before UNION TABLE visits_after) EXCEPT (TABLE visits_before INTERSECT TABLE visits_after))
        UNION ALL
        SELECT 'revenue' WHERE EXISTS (
            (TABLE revenue_before UNION TABLE revenue_after) EXCEPT (TABLE revenue_before INTERSECT TABLE revenue_after))
        UNION ALL
        SELECT 'joiners' WHERE EXISTS (
            (TABLE joiners_before UNION TABLE joiners_after) EXCEPT (TABLE joiners_before INTERSECT TABLE joiners_after))
    ) AS moved_reports;
    IF moved IS NOT NULL THEN
        RAISE EXCEPTION 'reports moved: %', array_to_string(moved, ', ');
    END IF;
END $$;
\endif

COMMIT;

-- Statistics hold values of people until they are made anew; efface does the same after its COMMIT.
\if :analyze
ANALYZE audits, bookings, client_linkings, client_trainers, identities_bases, notes, notifications, payments,
    payments_credit_cards, profile_images, subscriptions, users, visits, waiting_list_entries;
\endif
