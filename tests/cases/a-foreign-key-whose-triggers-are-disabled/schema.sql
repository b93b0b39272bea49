CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, user_id integer REFERENCES users, note text);
CREATE INDEX ON bookings (user_id);
CREATE TABLE visits (id integer PRIMARY KEY, user_id integer REFERENCES users, door text);
CREATE INDEX ON visits (user_id);
ALTER TABLE bookings DISABLE TRIGGER ALL;
