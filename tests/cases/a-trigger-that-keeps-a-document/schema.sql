CREATE TABLE users (id integer PRIMARY KEY, profile jsonb);
CREATE FUNCTION merge_profile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.profile := OLD.profile || NEW.profile;
    RETURN NEW;
END $$;
CREATE TRIGGER merge_profile BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION merge_profile();
