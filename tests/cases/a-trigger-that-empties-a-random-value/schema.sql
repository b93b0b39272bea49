CREATE TABLE users (id integer PRIMARY KEY, email text, phone text);
CREATE FUNCTION no_invalid_addresses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.email LIKE '%.invalid' THEN
        NEW.email := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_invalid_addresses BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION no_invalid_addresses();
