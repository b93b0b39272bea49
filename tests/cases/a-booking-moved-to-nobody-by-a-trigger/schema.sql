CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, client_id integer REFERENCES users, note text);
CREATE INDEX ON bookings (client_id);
CREATE FUNCTION detach() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bookings SET client_id = NULL WHERE id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER detach BEFORE DELETE ON bookings FOR EACH ROW EXECUTE FUNCTION detach();
