CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, user_id integer REFERENCES users, note text);
CREATE TABLE audits (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer REFERENCES users,
    booking_id integer REFERENCES bookings,
    old text
);
CREATE INDEX ON bookings (user_id);
CREATE INDEX ON audits (user_id);
CREATE INDEX ON audits (booking_id);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audits (user_id, old) VALUES (OLD.user_id, OLD.note);
    RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER DELETE ON bookings FOR EACH ROW EXECUTE FUNCTION audit();
