CREATE SCHEMA club;
CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE club.users (id integer PRIMARY KEY, person_id integer REFERENCES public.users, nickname text);
CREATE TABLE notes (id integer PRIMARY KEY, user_id integer REFERENCES users, body text);
CREATE TABLE club.notes (id integer PRIMARY KEY, user_id integer REFERENCES club.users, body text);
CREATE INDEX ON club.users (person_id);
CREATE INDEX ON notes (user_id);
CREATE INDEX ON club.notes (user_id);
