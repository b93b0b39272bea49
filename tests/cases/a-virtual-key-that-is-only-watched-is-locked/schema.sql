CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE audits (id integer PRIMARY KEY, user_id integer, what text);
CREATE INDEX ON audits (user_id);
