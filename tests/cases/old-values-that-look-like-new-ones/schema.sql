CREATE TABLE users (id integer PRIMARY KEY, phone text, first_name text, membership text, token text, note text);
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.phone := OLD.phone;
    NEW.first_name := OLD.first_name;
    NEW.membership := OLD.membership;
    NEW.token := OLD.token;
    RETURN NEW;
END $$;
CREATE TRIGGER hold BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION hold();
