CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE audits (id serial PRIMARY KEY, user_id integer REFERENCES users, kind text, old text);
CREATE INDEX ON audits (user_id);
CREATE FUNCTION hidden() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO aud' || 'its (user_id, old) VALUES (%L, %L)', OLD.id, OLD.name);
    RETURN NULL;
END $$;
CREATE TRIGGER hidden AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION hidden();
