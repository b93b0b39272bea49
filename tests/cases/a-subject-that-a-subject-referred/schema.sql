CREATE TABLE users (id integer PRIMARY KEY, referred_by_id integer REFERENCES users, name text);
CREATE INDEX ON users (referred_by_id);
