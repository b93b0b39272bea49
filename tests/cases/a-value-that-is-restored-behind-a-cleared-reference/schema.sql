CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, client_id integer REFERENCES users, note text);
CREATE INDEX ON bookings (client_id);
CREATE FUNCTION keep_note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := OLD.note; RETURN NEW; END';
CREATE TRIGGER keep_note BEFORE UPDATE ON bookings FOR EACH ROW EXECUTE FUNCTION keep_note();
