CREATE TABLE users (id integer PRIMARY KEY, email text);
CREATE TABLE mail_log (email text, what text);
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END $$;
CREATE TRIGGER hold BEFORE DELETE ON mail_log FOR EACH ROW EXECUTE FUNCTION hold();
