CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE audits (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    kind text,
    old text
);
CREATE INDEX ON audits (user_id);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audits (user_id, kind, old) VALUES (OLD.id, 'change', OLD.name), (OLD.id, 'login', OLD.name);
    RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER UPDATE OF name ON users FOR EACH ROW EXECUTE FUNCTION audit();
