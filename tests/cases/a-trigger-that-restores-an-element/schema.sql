CREATE TABLE users (id integer PRIMARY KEY, roles text[] NOT NULL, tags date[]);
CREATE FUNCTION first_role_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.tags[1] := OLD.tags[1];
    RETURN NEW;
END $$;
CREATE TRIGGER first_role_stays BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION first_role_stays();
