CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE visits (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES users, day date, detail json);
CREATE INDEX ON visits (client_id);
