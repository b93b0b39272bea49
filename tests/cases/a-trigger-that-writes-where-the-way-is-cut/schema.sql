CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, client_id integer REFERENCES users, note text);
CREATE TABLE visits (id serial PRIMARY KEY, booking_id integer REFERENCES bookings, note text);
CREATE INDEX ON bookings (client_id);
CREATE INDEX ON visits (booking_id);
CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO visits (booking_id, note) VALUES (OLD.id, OLD.note);
    RETURN NULL;
END $$;
CREATE TRIGGER remember AFTER UPDATE ON bookings FOR EACH ROW EXECUTE FUNCTION remember();
