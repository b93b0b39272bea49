-- A club with :users users, three bookings, two audit entries and a payment each, and a note for every second one: what
-- benches/many-subjects.sh erases people from. Rows of one person are spread over each table, as years of use spread them.
\set ON_ERROR_STOP on
CREATE TABLE users (
    id bigint PRIMARY KEY,
    role text NOT NULL,
    name text NOT NULL,
    email text NOT NULL UNIQUE,
    phone text,
    created_on date NOT NULL
);
CREATE TABLE bookings (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    starts_on date NOT NULL,
    status text NOT NULL,
    note text
);
CREATE TABLE payments (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    paid_on date NOT NULL,
    amount numeric(9, 2) NOT NULL
);
CREATE TABLE audits (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, changes text NOT NULL);
CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, body text NOT NULL);

-- Keys and indexes come behind the rows: adding them to rows is quicker than the other way round.
ALTER TABLE bookings DROP CONSTRAINT bookings_user_id_fkey;
ALTER TABLE payments DROP CONSTRAINT payments_user_id_fkey;
ALTER TABLE audits DROP CONSTRAINT audits_user_id_fkey;
ALTER TABLE notes DROP CONSTRAINT notes_user_id_fkey;
INSERT INTO users
SELECT n, CASE n % 100 WHEN 0 THEN 'trainer' ELSE 'client' END, 'Name ' || n, 'user' || n || '@example.org', '+49 30 ' || n,
    DATE '2015-01-01' + (n % 3000)::integer
FROM generate_series(1::bigint, :users) AS n;
INSERT INTO bookings
SELECT n, 1 + n % :users, DATE '2018-01-01' + (n % 2500)::integer, CASE n % 3 WHEN 0 THEN 'cancelled' ELSE 'attended' END,
    CASE WHEN n % 2 = 0 THEN 'brings a friend, ' || n END
FROM generate_series(1::bigint, 3 * :users) AS n;
INSERT INTO payments SELECT n, 1 + n % :users, DATE '2018-01-01' + (n % 2500)::integer, (n % 10000) / 100.0
FROM generate_series(1::bigint, :users) AS n;
INSERT INTO audits SELECT n, 1 + n % :users, '{"name": ["Name ' || n || '", "Name"], "phone": [null, "+49 30"]}'
FROM generate_series(1::bigint, 2 * :users) AS n;
INSERT INTO notes SELECT n, 2 * n, 'knee, since ' || n FROM generate_series(1::bigint, :users / 2) AS n;
CREATE INDEX ON bookings (user_id);
CREATE INDEX ON payments (user_id);
CREATE INDEX ON audits (user_id);
CREATE INDEX ON notes (user_id);
ALTER TABLE bookings ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE payments ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE audits ADD FOREIGN KEY (user_id) REFERENCES users;
ALTER TABLE notes ADD FOREIGN KEY (user_id) REFERENCES users;
COMMENT ON TABLE users IS 'many-subjects';
VACUUM ANALYZE;
CHECKPOINT;
