CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE bookings (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users, note text);
CREATE INDEX ON bookings (user_id);
CREATE FUNCTION dup(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) > 1 FROM bookings WHERE note = $1); END $$;
