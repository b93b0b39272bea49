CREATE TABLE users (id integer PRIMARY KEY, profile jsonb);
CREATE FUNCTION restore_email() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.profile := NEW.profile || jsonb_build_object('email', OLD.profile -> 'email');
    RETURN NEW;
END $$;
CREATE TRIGGER restore_email BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION restore_email();
