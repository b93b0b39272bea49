CREATE TABLE clubs (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE users (
    id bigint PRIMARY KEY, club_id integer NOT NULL REFERENCES clubs, referred_by bigint REFERENCES users,
    role text, name text NOT NULL, email text UNIQUE
);
CREATE TABLE bookings (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, starts_on date NOT NULL, note text);
CREATE TABLE visits (id bigint, visited_on date NOT NULL, door text, PRIMARY KEY (id, visited_on)) PARTITION BY RANGE (visited_on);
CREATE TABLE visits_2020 PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE visits_2021 PARTITION OF visits FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE log (line text);
CREATE INDEX ON users (club_id);
CREATE INDEX ON users (referred_by);
CREATE INDEX ON bookings (user_id);
