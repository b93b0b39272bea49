CREATE TABLE users (id integer PRIMARY KEY);
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer REFERENCES users, note text);
CREATE TABLE audit (id integer, user_id integer REFERENCES users, old text);
CREATE FUNCTION note_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit VALUES (OLD.id, OLD.user_id, OLD.note);
    RETURN NULL;
END $$;
CREATE TRIGGER note_order AFTER DELETE ON orders FOR EACH ROW EXECUTE FUNCTION note_order();
