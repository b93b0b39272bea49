CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES users, note text);
CREATE TABLE notes (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users, booking integer, body text);
CREATE INDEX ON bookings (client_id);
CREATE INDEX ON notes (user_id);
