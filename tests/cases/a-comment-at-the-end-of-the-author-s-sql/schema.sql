CREATE TABLE users (id integer PRIMARY KEY, name text, role text);
CREATE TABLE notes (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users, kind text, body text);
CREATE INDEX ON notes (user_id);
