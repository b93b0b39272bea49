CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (
    id integer PRIMARY KEY,
    client_id integer NOT NULL REFERENCES users,
    status text,
    note text
);
CREATE INDEX ON bookings (client_id);
