CREATE TABLE users (id integer PRIMARY KEY, email text, email_lower text);
CREATE TABLE words (id integer PRIMARY KEY, who text, what text);
CREATE FUNCTION lower_email() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.email_lower := lower(NEW.email);
    RETURN NEW;
END $$;
CREATE TRIGGER lower_email BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION lower_email();
