CREATE SCHEMA club;
CREATE TYPE status AS ENUM ('active', 'ended');
CREATE DOMAIN phone AS varchar(20) NOT NULL CHECK (VALUE ~ '^[+0-9 ]+$');
CREATE TABLE clubs (id integer PRIMARY KEY, name text);
CREATE TABLE users (
    id bigint PRIMARY KEY,
    club_id integer NOT NULL REFERENCES clubs,
    number integer NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    nickname varchar(10),
    mobile phone,
    status status,
    born_on date,
    score numeric(4,1),
    deleted_at timestamptz,
    full_name text GENERATED ALWAYS AS (name || ' ' || email) STORED,
    seq integer GENERATED ALWAYS AS IDENTITY,
    room integer,
    during tsrange,
    UNIQUE (club_id, number),
    EXCLUDE USING gist (during WITH &&)
);
CREATE UNIQUE INDEX users_live_email ON users (lower(email)) WHERE deleted_at IS NULL;
CREATE TABLE bookings (
    id bigint,
    club_id integer NOT NULL,
    client_id bigint NOT NULL REFERENCES users,
    trainer_id bigint REFERENCES users,
    note text,
    PRIMARY KEY (id, club_id)
);
CREATE TABLE visits (
    id bigint PRIMARY KEY,
    booking_id bigint,
    club_id integer NOT NULL,
    day date,
    FOREIGN KEY (booking_id, club_id) REFERENCES bookings ON DELETE SET NULL
);
CREATE TABLE ratings (
    visit_id bigint REFERENCES visits ON DELETE CASCADE,
    stars integer
);
CREATE TABLE cards (
    a integer,
    b integer,
    user_id bigint REFERENCES users ON DELETE SET DEFAULT,
    user_club integer,
    user_number integer,
    UNIQUE (a, b),
    FOREIGN KEY (user_club, user_number) REFERENCES users (club_id, number) MATCH FULL
);
CREATE TABLE logins (id bigint, user_id bigint REFERENCES users ON DELETE RESTRICT, day date, agent text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE logins_old PARTITION OF logins DEFAULT;
CREATE TABLE diary (user_id bigint REFERENCES users, mood text, day date);
CREATE TABLE ruled (id integer PRIMARY KEY, user_id bigint REFERENCES users);
CREATE RULE keep_them AS ON DELETE TO ruled DO INSTEAD NOTHING;
CREATE TABLE eggs (id integer PRIMARY KEY, user_id bigint REFERENCES users, hen_id integer);
CREATE TABLE hens (id integer PRIMARY KEY, user_id bigint REFERENCES users, egg_id integer REFERENCES eggs);
ALTER TABLE eggs ADD FOREIGN KEY (hen_id) REFERENCES hens;
CREATE VIEW people AS SELECT id, name FROM users;
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE remote_users (id bigint) SERVER elsewhere;
CREATE TABLE club.stock (id integer PRIMARY KEY, amount integer);
CREATE TABLE clubs_audit (id integer PRIMARY KEY, club_id integer REFERENCES clubs, note text);
CREATE INDEX ON users (club_id);
CREATE INDEX ON bookings (client_id);
CREATE INDEX ON bookings (trainer_id);
CREATE INDEX ON visits (booking_id, club_id);
CREATE INDEX ON ratings (visit_id);
CREATE INDEX ON cards (user_id);
CREATE INDEX ON cards (user_club, user_number);
CREATE INDEX ON logins (user_id);
CREATE INDEX ON diary (user_id);
CREATE INDEX ON ruled (user_id);
CREATE INDEX ON eggs (user_id);
CREATE INDEX ON eggs (hen_id);
CREATE INDEX ON hens (user_id);
CREATE INDEX ON hens (egg_id);
