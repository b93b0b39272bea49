CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE audits (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer REFERENCES users,
    old text
);
CREATE TABLE letters (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer REFERENCES users,
    body text
);
CREATE INDEX ON audits (user_id);
CREATE INDEX ON letters (user_id);
CREATE VIEW history AS SELECT user_id, old FROM audits;
CREATE VIEW names AS SELECT id AS named_id, name FROM users;
CREATE FUNCTION write_letter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO letters (user_id, body) VALUES (NEW.named_id, NEW.name);
    RETURN NEW;
END $$;
CREATE TRIGGER write_letter INSTEAD OF INSERT ON names FOR EACH ROW EXECUTE FUNCTION write_letter();
CREATE FUNCTION remember_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO history (user_id, old) VALUES (OLD.id, OLD.name);
    INSERT INTO names VALUES (OLD.id, OLD.name);
    RETURN NULL;
END $$;
CREATE TRIGGER remember_name AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION remember_name();
