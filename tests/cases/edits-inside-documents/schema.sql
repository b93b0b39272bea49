CREATE TABLE users (
    id integer PRIMARY KEY,
    profile jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1
);
CREATE TABLE messages (
    id integer PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    payload json,
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX ON messages (user_id);
CREATE TABLE drafts (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users, body jsonb);
CREATE INDEX ON drafts (user_id);
CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER users_version BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION count_up();
CREATE TRIGGER messages_version BEFORE UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION count_up();
