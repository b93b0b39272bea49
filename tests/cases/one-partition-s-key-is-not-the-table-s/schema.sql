CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE events (id integer NOT NULL, club integer NOT NULL, user_id integer REFERENCES users, body text) PARTITION BY LIST (club);
CREATE TABLE events_1 PARTITION OF events (PRIMARY KEY (id)) FOR VALUES IN (1);
CREATE TABLE events_2 PARTITION OF events (PRIMARY KEY (id)) FOR VALUES IN (2);
CREATE UNIQUE INDEX events_all ON ONLY events (club, id);
CREATE INDEX ON events (user_id);
