CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (no integer, user_id integer REFERENCES users, paid boolean, note text);
CREATE TABLE payments (id integer PRIMARY KEY, user_id integer REFERENCES users, no integer);
CREATE INDEX ON bookings (user_id);
CREATE INDEX ON payments (user_id);
CREATE FUNCTION unpaid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bookings SET paid = false WHERE no = OLD.no;
    RETURN NULL;
END $$;
CREATE TRIGGER unpaid AFTER DELETE ON payments FOR EACH ROW EXECUTE FUNCTION unpaid();
