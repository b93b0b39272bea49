CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE linkings (
    id integer PRIMARY KEY,
    client_id integer NOT NULL REFERENCES users,
    linked_client_id integer NOT NULL REFERENCES users,
    kind text
);
CREATE INDEX ON linkings (client_id);
CREATE INDEX ON linkings (linked_client_id);
