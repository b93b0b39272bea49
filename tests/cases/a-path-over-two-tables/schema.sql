CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES users, note text);
CREATE TABLE visits (id integer PRIMARY KEY, booking_id integer NOT NULL REFERENCES bookings, note text);
CREATE TABLE ratings (visit_id integer REFERENCES visits, stars integer, words text);
CREATE INDEX ON bookings (client_id);
CREATE INDEX ON visits (booking_id);
CREATE INDEX ON ratings (visit_id);
