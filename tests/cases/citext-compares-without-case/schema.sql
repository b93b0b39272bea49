CREATE SCHEMA extensions;
CREATE EXTENSION citext SCHEMA extensions;
CREATE TABLE users (email extensions.citext PRIMARY KEY, name text, login extensions.citext);
CREATE TABLE notes (id integer PRIMARY KEY, user_email extensions.citext REFERENCES users, body text, kind extensions.citext);
CREATE INDEX ON notes (user_email);
