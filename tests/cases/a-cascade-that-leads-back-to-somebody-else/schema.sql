CREATE TABLE users (id integer PRIMARY KEY, role text, manager_id integer REFERENCES users, name text);
CREATE INDEX ON users (manager_id);
