CREATE TABLE users (id integer PRIMARY KEY, email text);
CREATE TABLE mail_log (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text, what text);
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO mail_log (email, what) VALUES (OLD.email, 'changed');
    RETURN NULL;
END $$;
CREATE TRIGGER log_change AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION log_change();
