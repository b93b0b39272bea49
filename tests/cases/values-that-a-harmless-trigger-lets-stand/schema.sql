CREATE TABLE users (
    id integer PRIMARY KEY, ref uuid, points integer, born date, member boolean, title text, status text DEFAULT 'new', touched boolean);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.touched = true;
    RETURN new;
END $$;
CREATE TRIGGER stamp BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stamp();
