CREATE TABLE users (id integer PRIMARY KEY, profile jsonb, seen timestamptz);
CREATE TABLE notes (id integer PRIMARY KEY, user_id integer REFERENCES users, tags text[], seen timestamptz);
CREATE INDEX ON notes (user_id);
