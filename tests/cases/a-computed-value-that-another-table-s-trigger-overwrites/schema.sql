CREATE TABLE users (id integer PRIMARY KEY, display text);
CREATE TABLE visits (id integer PRIMARY KEY, user_id integer REFERENCES users, who text);
CREATE INDEX ON visits (user_id);
CREATE FUNCTION write_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users SET display = OLD.who WHERE id = OLD.user_id;
    RETURN NULL;
END $$;
CREATE TRIGGER write_back AFTER DELETE ON visits FOR EACH ROW EXECUTE FUNCTION write_back();
CREATE FUNCTION look_at_visits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM visits WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER look_at_visits AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION look_at_visits();
