CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE audits (user_id integer REFERENCES users, old text);
CREATE INDEX ON audits (user_id);
CREATE FUNCTION hidden() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO aud' || 'its VALUES (%L, %L)', OLD.id, OLD.name);
    RETURN NULL;
END $$;
CREATE TRIGGER hidden AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION hidden();
