CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, client_id integer REFERENCES users, note text);
CREATE TABLE audits (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    auditable_type text,
    auditable_id integer,
    changes text
);
CREATE INDEX ON bookings (client_id);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audits (auditable_type, auditable_id, changes) VALUES ('Booking', OLD.id, OLD.note);
    RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER DELETE ON bookings FOR EACH ROW EXECUTE FUNCTION audit();
