CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, client_id integer REFERENCES users, note text);
CREATE TABLE visits (id integer PRIMARY KEY, booking_id integer REFERENCES bookings, note text);
CREATE INDEX ON bookings (client_id);
CREATE INDEX ON visits (booking_id);
