CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE events (id integer, club integer NOT NULL, user_id integer REFERENCES users, body text) PARTITION BY LIST (club);
CREATE TABLE events_1 PARTITION OF events (id NOT NULL) FOR VALUES IN (1);
CREATE TABLE events_2 PARTITION OF events FOR VALUES IN (2);
CREATE UNIQUE INDEX ON events (club, id);
CREATE INDEX ON events (user_id);
