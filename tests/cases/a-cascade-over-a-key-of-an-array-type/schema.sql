CREATE TABLE users (id integer PRIMARY KEY, parts integer[] UNIQUE, name text);
CREATE TABLE notes (id integer PRIMARY KEY, user_id integer REFERENCES users, parts integer[] REFERENCES users (parts), body text);
CREATE INDEX ON notes (user_id);
CREATE INDEX ON notes (parts);
