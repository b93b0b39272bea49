-- Data for schema.sql: made by arithmetic, so that every load gives the same rows (only what is upcoming moves with
-- the clock). History ends with August 2026; the number of clients is a setting, 5,000 where it is not set:
--
--     psql -X -v ON_ERROR_STOP=1 -c "SET club.clients = '100000'" -f schema.sql -f data.sql
--
-- Staff have the ids 1 to 20, client number i has the id 20 + i and is in club (i - 1) % 4 + 1.
-- Client 42 has a bit of everything, client 43 owes money, client 142 has 42's name.

INSERT INTO clubs (id, name, slug, time_zone)
SELECT id, 'Studio ' || (ARRAY['North', 'South', 'East', 'West'])[id], lower((ARRAY['north', 'south', 'east', 'west'])[id]),
       (ARRAY['Europe/London', 'Europe/London', 'Europe/Dublin', 'Europe/London'])[id]
FROM generate_series(1, 4) AS id;

-- Staff: an admin and four trainers for each club.
INSERT INTO users (id, club_id, number, role, name, email, mobile_no, created_at, updated_at)
SELECT id, (id - 1) % 4 + 1, (id - 1) / 4 + 1,
       (CASE WHEN id <= 4 THEN 'admin' ELSE 'trainer' END)::user_role,
       (ARRAY['Grace', 'Tariq', 'Lotte', 'Samuel', 'Ines'])[(id - 1) / 4 + 1] || ' '
           || (ARRAY['Okoro', 'Lindqvist', 'Moreau', 'Castellan'])[(id - 1) % 4 + 1],
       'staff' || id || '@club.example', '+44 7700 900' || lpad(id::text, 3, '0'),
       timestamptz '2020-01-06 09:00+00', timestamptz '2020-01-06 09:00+00'
FROM generate_series(1, 20) AS id;

INSERT INTO users (id, club_id, number, role, name, email, mobile_no, mobile_device, phone_no, work_no,
                   address_1, address_2, address_3, town, postcode, facebook_id, date_of_birth, height, weight,
                   measurement1, measurement2, measurement3, measurement4, measurement5, measurement6,
                   profile, locale, marketing, referred_by_id, last_seen_at, archived_at, created_at, updated_at)
SELECT 20 + i, (i - 1) % 4 + 1, 1000 + (i - 1) / 4, 'client', p.name,
       lower(replace(p.name, ' ', '.')) || '.' || (20 + i) || '@mail.example',
       '+44 7' || lpad((100000000 + i * 7919)::text, 9, '0'),
       (ARRAY['Pixel 8', 'iPhone 15', 'Galaxy S24', NULL])[i % 4 + 1],
       CASE WHEN i % 3 = 1 THEN '+44 20 79' || lpad((i * 31 % 1000000)::text, 6, '0') END,
       CASE WHEN i % 5 = 2 THEN '+44 20 38' || lpad((i * 37 % 1000000)::text, 6, '0') END,
       (i % 180 + 1) || ' ' || (ARRAY['Mill Lane', 'Station Road', 'Harbour Street', 'Elm Grove'])[i % 4 + 1],
       CASE WHEN i % 6 = 4 THEN 'Flat ' || (i % 30 + 1) END,
       CASE WHEN i % 11 = 0 THEN 'c/o the porter' END,
       (ARRAY['Brighton', 'Leeds', 'Cardiff', 'Bath', 'York'])[i % 5 + 1],
       'ZZ' || (i % 90 + 1) || ' ' || (i % 9 + 1) || 'XX',
       CASE WHEN i % 4 = 2 THEN 'fb.' || (900000000 + i) END,
       date '1960-01-01' + (i * 97 % 16000),
       150 + i % 50, 50 + i % 60,
       30 + i % 9, 90 + i % 30, 70 + i % 30, 95 + i % 20, 50 + i % 15, 35 + i % 8,
       jsonb_build_object('emergency_contact', jsonb_build_object('name', p.name || ' sen.', 'phone', '+44 7' || (200000000 + i)),
                          'goals', (ARRAY['marathon', 'back pain', 'strength'])[i % 3 + 1],
                          'medical', CASE WHEN i % 7 = 1 THEN 'asthma, carries an inhaler' END),
       CASE WHEN i % 9 = 0 THEN 'fr' ELSE 'en' END, i % 2 = 0,
       -- Within a club: the client four ids before, for a third of all.
       CASE WHEN i % 6 IN (2, 4) AND i > 4 THEN 16 + i END,
       timestamptz '2026-08-31 18:00+00' - (i % 300) * interval '1 day',
       CASE WHEN i % 40 = 39 THEN timestamptz '2026-06-30 12:00+00' END,
       timestamptz '2024-01-01 10:00+00' + (i * 13 % 960) * interval '1 day',
       timestamptz '2026-08-31 18:00+00' - (i % 300) * interval '1 day'
FROM generate_series(1, coalesce(nullif(current_setting('club.clients', true), ''), '5000')::integer) AS i,
     LATERAL (SELECT CASE WHEN i IN (22, 122) THEN 'Anna Berg' ELSE
                  (ARRAY['Amira', 'Ben', 'Chloe', 'Dmitri', 'Elif', 'Femi', 'Greta', 'Hugo', 'Isla', 'Jonas', 'Keiko',
                         'Liam', 'Maya', 'Nils', 'Olga', 'Pedro', 'Quinn', 'Rosa', 'Sven', 'Tess'])[i % 20 + 1] || ' ' ||
                  (ARRAY['Ashworth', 'Bakker', 'Cohen', 'Dubois', 'Evans', 'Fischer', 'Gallagher', 'Haddad', 'Ivanova',
                         'Jansen', 'Khan', 'Larsen', 'Murphy', 'Novak', 'O''Brien', 'Patel', 'Quist', 'Rossi', 'Singh',
                         'Tanaka', 'Ullman', 'Vega', 'Wójcik'])[i / 20 % 23 + 1] END AS name) AS p
ORDER BY i;

INSERT INTO identities_bases (user_id, provider, uid, password_digest, created_at)
SELECT id, 'password', email, '$2b$12$' || md5('password of ' || id), created_at FROM users ORDER BY id;
INSERT INTO identities_bases (user_id, provider, uid, created_at)
SELECT id, 'facebook', facebook_id, created_at FROM users WHERE facebook_id IS NOT NULL ORDER BY id;

INSERT INTO client_linkings (client_id, linked_client_id, relation, created_at)
SELECT a.id, b.id, l.relation, greatest(a.created_at, b.created_at)
FROM users AS a
JOIN (VALUES (4, 4, 'partner'), (0, -8, 'friend')) AS l (remainder, distance, relation) ON (a.id - 20) % 6 = l.remainder
JOIN users AS b ON b.id = a.id + l.distance AND b.role = 'client'
WHERE a.role = 'client' ORDER BY a.id;

INSERT INTO client_trainers (client_id, trainer_id, since)
SELECT id, 4 + club_id + 4 * (id / 12 % 4), date '2025-10-01' + (id % 200)::integer
FROM users WHERE role = 'client' AND (id - 20) % 3 = 1;

INSERT INTO payments_credit_cards (client_id, holder, last_digits, expires_on, token)
SELECT id, upper(name), lpad((id * 7 % 10000)::text, 4, '0'), date '2028-01-31' + (id % 24)::integer * 30, 'tok_' || md5('card of ' || id)
FROM users WHERE role = 'client' AND (id - 20) % 3 <> 0 ORDER BY id;

INSERT INTO profile_images (client_id, storage_key, created_at)
SELECT id, 'clients/' || id || '/' || n || '.jpg', created_at + n * interval '1 day'
FROM users, generate_series(1, 2) AS n WHERE role = 'client' AND id % 2 = 0 ORDER BY id, n;

INSERT INTO classes (id, club_id, title, trainer_id, capacity)
SELECT c * 4 + club, club, (ARRAY['Yoga Flow', 'Spin', 'Pilates', 'Boxing', 'Aqua', 'Core'])[c + 1], 4 + club + 4 * (c % 4), 20
FROM generate_series(1, 4) AS club, generate_series(0, 5) AS c;

-- Past sessions, spread over the twelve months to August 2026, a dozen bookings each; then those of the next fortnight.
WITH scale AS (
    SELECT greatest(48, count(*) / 8)::integer AS past, greatest(24, count(*) / 40)::integer AS upcoming
    FROM users WHERE role = 'client'
)
INSERT INTO sessions (id, club_id, class_id, trainer_id, starts_at)
SELECT n * 4 + club, club, n % 6 * 4 + club, 4 + club + 4 * ((n % 6 + n / 50) % 4),
       CASE WHEN n < past
            THEN timestamptz '2025-09-01 07:00+00' + n * 364 / past * interval '1 day' + n % 12 * interval '1 hour'
            ELSE date_trunc('hour', now()) + (n % 14 + 1) * interval '1 day' + n % 7 * interval '1 hour' END
FROM scale, generate_series(1, 4) AS club, generate_series(0, past + upcoming - 1) AS n
ORDER BY 1;

-- What follows joins these: without statistics the planner would guess.
ANALYZE users, sessions;

-- Six past bookings for every client, two months apart: most attended, some missed or cancelled.
WITH scale AS (SELECT greatest(48, count(*) / 8)::integer AS past FROM users WHERE role = 'client')
INSERT INTO bookings (club_id, session_id, client_id, starts_at, status, note, price, cancelled_at, created_at, updated_at)
SELECT u.club_id, s.id, u.id, s.starts_at, b.status,
       CASE WHEN (u.id + k) % 9 = 6 THEN 'knee surgery in May, no jumps' END, 12.50,
       CASE WHEN b.status = 'cancelled' THEN s.starts_at - interval '1 day' END,
       s.starts_at - interval '5 days', s.starts_at
FROM scale, users AS u, generate_series(0, 5) AS k,
     LATERAL (SELECT (ARRAY['attended', 'attended', 'attended', 'attended', 'attended', 'attended', 'attended',
                            'no_show', 'cancelled', 'booked']::booking_status[])[((u.id - 20 + k) % 10) + 1] AS status) AS b,
     LATERAL (SELECT ((u.id - 21) / 4 * 5 + k * (past / 6)) % past * 4 + u.club_id AS id) AS planned
JOIN sessions AS s USING (id)
WHERE u.role = 'client' ORDER BY u.id, k;

-- Two upcoming ones for two clients in five.
WITH scale AS (
    SELECT greatest(48, count(*) / 8)::integer AS past, greatest(24, count(*) / 40)::integer AS upcoming
    FROM users WHERE role = 'client'
)
INSERT INTO bookings (club_id, session_id, client_id, starts_at, status, note, price)
SELECT u.club_id, s.id, u.id, s.starts_at, 'booked', CASE WHEN k = 0 THEN 'brings ' || split_part(u.name, ' ', 1) || '''s mat' END, 12.50
FROM scale, users AS u, generate_series(0, 1) AS k,
     LATERAL (SELECT (past + ((u.id - 21) / 4 + k * (upcoming / 2)) % upcoming) * 4 + u.club_id AS id) AS planned
JOIN sessions AS s USING (id)
WHERE u.role = 'client' AND (u.id - 20) % 5 IN (2, 3) AND u.archived_at IS NULL ORDER BY u.id, k;

-- A quarter waits for an upcoming session, and waited for a past one.
WITH scale AS (
    SELECT greatest(48, count(*) / 8)::integer AS past, greatest(24, count(*) / 40)::integer AS upcoming
    FROM users WHERE role = 'client'
)
INSERT INTO waiting_list_entries (club_id, session_id, client_id, status, wish, created_at)
SELECT u.club_id, s.id, u.id, w.status, w.wish, least(s.starts_at, now()) - interval '3 days'
FROM scale, users AS u,
     LATERAL (VALUES ((past + ((u.id - 21) / 4 + upcoming / 4) % upcoming) * 4 + u.club_id, 'waiting'::waiting_status, 'only if Tom comes too'),
                     ((u.id - 21) / 4 % past * 4 + u.club_id, 'promoted'::waiting_status, NULL)) AS w (id, status, wish)
JOIN sessions AS s USING (id)
WHERE u.role = 'client' AND (u.id - 20) % 4 = 2 AND u.archived_at IS NULL ORDER BY u.id, s.id;

INSERT INTO subscriptions (client_id, plan, price, credits_left, status, started_on, ended_on, cancelled_at, cancel_reason, updated_at)
SELECT u.id, s.plan, s.price, s.credits, s.status, s.started_on, s.ended_on,
       CASE WHEN s.status = 'cancelled' THEN s.ended_on + time '12:00' END, s.reason, timestamptz '2026-08-31 18:00+00'
FROM users AS u,
     LATERAL (VALUES
         ((CASE WHEN u.id % 4 = 2 THEN 'cancelled' ELSE 'ended' END)::subscription_status, 'Ten visits', 95.00, 0,
          date '2025-09-01', date '2026-02-28', CASE WHEN u.id % 4 = 2 THEN 'moves in with family for a while' END, u.id % 2 = 0),
         ('active'::subscription_status, 'Monthly', 49.00, CASE WHEN u.id % 50 = 43 THEN 5 ELSE 0 END,
          date '2026-05-01', NULL, NULL, u.id % 7 <> 6 AND u.archived_at IS NULL)
     ) AS s (status, plan, price, credits, started_on, ended_on, reason, present)
WHERE u.role = 'client' AND s.present ORDER BY u.id, s.started_on;

ANALYZE subscriptions, payments_credit_cards;

-- Paid ones for every subscription; something due and something failed for one client in fifty (43 is the first);
-- one in six pays an invoice with the card of the client who referred them.
INSERT INTO payments (club_id, client_number, number, subscription_id, card_id, amount, status, due_on, paid_at, receipt_email, note)
SELECT p.club_id, p.client_number, row_number() OVER (PARTITION BY p.club_id ORDER BY p.due_on, p.client_number, p.part),
       p.subscription_id, p.card_id, p.amount, p.status, p.due_on,
       CASE WHEN p.status IN ('paid', 'refunded') THEN p.due_on + time '09:30' END, p.receipt_email, p.note
FROM (
    SELECT u.club_id, u.number AS client_number, n AS part, s.id AS subscription_id,
           CASE WHEN n = 3 AND own.id % 6 = 0 THEN coalesce(friend.id, own.id) ELSE own.id END AS card_id,
           CASE s.plan WHEN 'Monthly' THEN 49.00 ELSE 47.50 END AS amount,
           'paid'::payment_status AS status,
           s.started_on + (n - 1) * 31 AS due_on, u.email AS receipt_email,
           CASE WHEN n = 1 AND u.id % 6 = 0 THEN 'rang about the receipt' END AS note
    FROM subscriptions AS s
    JOIN users AS u ON u.id = s.client_id
    CROSS JOIN generate_series(1, 3) AS n
    LEFT JOIN payments_credit_cards AS own ON own.client_id = u.id
    LEFT JOIN payments_credit_cards AS friend ON friend.client_id = u.referred_by_id
    WHERE s.plan = 'Monthly' OR n <= 2
    UNION ALL
    SELECT u.club_id, u.number, 10 + n, NULL, NULL, 15.00 * n,
           (ARRAY['due', 'failed']::payment_status[])[n], date '2026-08-01' + n, NULL, 'no-show fee'
    FROM users AS u, generate_series(1, 2) AS n WHERE u.role = 'client' AND u.id % 50 = 43
) AS p
ORDER BY p.club_id, 3;

ANALYZE bookings;

INSERT INTO visits (booking_id, visited_at, door, device_name)
SELECT b.id, b.starts_at - interval '5 minutes', (ARRAY['front', 'garage'])[b.id % 2 + 1],
       CASE WHEN b.id % 2 = 0 THEN split_part(u.name, ' ', 1) || '''s phone' END
FROM bookings AS b JOIN users AS u ON u.id = b.client_id
WHERE b.status = 'attended' ORDER BY b.id;

INSERT INTO notes (client_id, author_id, body, created_at)
SELECT id, 4 + club_id + 4 * (id / 12 % 4), name || (ARRAY[' prefers mornings', ' has a weak left knee', ' asked about nutrition'])[id % 3 + 1],
       timestamptz '2026-03-01 12:00+00' + (id % 150) * interval '1 day'
FROM users WHERE role = 'client' ORDER BY id;

-- A reminder to the client, and news to the trainer with the client's name in it.
INSERT INTO notifications (recipient_id, about_id, kind, body, created_at)
SELECT n.recipient_id, n.about_id, n.kind, n.body, timestamptz '2026-08-31 20:00+00'
FROM bookings AS b
JOIN users AS u ON u.id = b.client_id
JOIN sessions AS s ON s.id = b.session_id
JOIN classes AS c ON c.id = s.class_id,
LATERAL (VALUES (u.id, NULL::bigint, 'reminder', 'Hello ' || split_part(u.name, ' ', 1) || ', see you at ' || c.title),
                (s.trainer_id, u.id, 'booked', u.name || ' booked ' || c.title)) AS n (recipient_id, about_id, kind, body)
WHERE b.status = 'booked' AND b.starts_at > now() ORDER BY b.id, n.kind;

-- One change for every client, made by the client or by the club's admin: the old row has the old name and numbers.
INSERT INTO audits (user_id, actor_id, event, old_row, created_at)
SELECT id, CASE WHEN id % 2 = 0 THEN id ELSE club_id END, 'person update',
       jsonb_build_object('id', id, 'name', name, 'email', 'old.' || email, 'mobile_no', mobile_no, 'town', town),
       timestamptz '2026-02-01 08:00+00' + (id % 200) * interval '1 day'
FROM users WHERE role = 'client' ORDER BY id;

-- Explicit ids were given to these.
SELECT setval(pg_get_serial_sequence(t, 'id'), m)
FROM (SELECT 'clubs' AS t, max(id) AS m FROM clubs
      UNION ALL SELECT 'users', max(id) FROM users
      UNION ALL SELECT 'classes', max(id) FROM classes
      UNION ALL SELECT 'sessions', max(id) FROM sessions) AS given;

ANALYZE;
