CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, client_id integer REFERENCES users, note text);
CREATE TABLE visits (id serial PRIMARY KEY, client_id integer REFERENCES users, door text, note text);
CREATE INDEX ON bookings (client_id);
CREATE INDEX ON visits (client_id);
CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO visits (client_id, door, note) VALUES (OLD.client_id, 'north', OLD.note), (OLD.client_id, NULL, OLD.note);
    RETURN NULL;
END $$;
CREATE TRIGGER remember AFTER UPDATE ON bookings FOR EACH ROW EXECUTE FUNCTION remember();
