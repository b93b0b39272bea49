CREATE TABLE users (id integer PRIMARY KEY, name text, email text NOT NULL UNIQUE);
CREATE FUNCTION immutable_email() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.email := OLD.email; RETURN NEW; END';
CREATE TRIGGER immutable_email BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION immutable_email();
