CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, client_id integer NOT NULL REFERENCES users, note text);
CREATE TABLE visits (id integer PRIMARY KEY, booking_id integer REFERENCES bookings ON DELETE CASCADE, note text);
CREATE INDEX ON bookings (client_id);
CREATE INDEX ON visits (booking_id);
CREATE FUNCTION soft() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER soft BEFORE DELETE ON visits FOR EACH ROW EXECUTE FUNCTION soft();
