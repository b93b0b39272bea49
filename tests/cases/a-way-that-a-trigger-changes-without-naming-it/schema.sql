CREATE TABLE users (id integer PRIMARY KEY);
CREATE TABLE bookings (id integer PRIMARY KEY, client_id integer REFERENCES users, note text);
CREATE TABLE visits (id integer PRIMARY KEY, booking_id integer REFERENCES bookings, note text);
CREATE INDEX ON bookings (client_id);
CREATE INDEX ON visits (booking_id);
CREATE FUNCTION forget_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.note IS NULL THEN NEW.client_id := NULL; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER forget_client BEFORE UPDATE ON bookings FOR EACH ROW EXECUTE FUNCTION forget_client();
