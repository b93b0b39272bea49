CREATE TABLE users (id integer PRIMARY KEY, settings jsonb NOT NULL, log json NOT NULL);
