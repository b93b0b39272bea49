CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE notes (id integer PRIMARY KEY, user_id integer REFERENCES users);
CREATE TABLE events (id serial PRIMARY KEY, uref integer, body text);
CREATE INDEX ON notes (user_id);
CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (uref, body) VALUES (OLD.id, OLD.name);
    RETURN NULL;
END $$;
CREATE TRIGGER log AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION log();
