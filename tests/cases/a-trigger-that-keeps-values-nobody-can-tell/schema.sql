CREATE TABLE users (
    id integer PRIMARY KEY, ref uuid, points integer, born date, member boolean, title text, status text DEFAULT 'new');
CREATE FUNCTION keep_points() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.points = old.points;
    RETURN new;
END $$;
CREATE TRIGGER keep_points BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION keep_points();
