CREATE TABLE users (id integer PRIMARY KEY, name text, phone text);
CREATE TABLE audits (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    old jsonb
);
CREATE INDEX ON audits (user_id);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audits (user_id, old) VALUES (OLD.id, to_jsonb(OLD));
    RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();
