CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE comments (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer REFERENCES users,
    parent_id integer,
    body text
);
CREATE TABLE likes (id integer PRIMARY KEY, user_id integer REFERENCES users, comment_id integer);
CREATE INDEX ON comments (user_id);
CREATE INDEX ON comments (parent_id);
CREATE INDEX ON likes (user_id);
CREATE FUNCTION leave_tombstone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO comments (parent_id, body) VALUES (OLD.id, 'gone: ' || OLD.body);
    RETURN NULL;
END $$;
CREATE TRIGGER leave_tombstone AFTER DELETE ON comments FOR EACH ROW WHEN (OLD.user_id IS NOT NULL)
    EXECUTE FUNCTION leave_tombstone();
CREATE FUNCTION answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO comments (parent_id, body) VALUES (OLD.comment_id, 'gone: a like');
    RETURN NULL;
END $$;
CREATE TRIGGER answer AFTER DELETE ON likes FOR EACH ROW EXECUTE FUNCTION answer();
