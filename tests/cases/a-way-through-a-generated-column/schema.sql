CREATE TABLE users (
    id integer PRIMARY KEY, first text, last text,
    full_name text GENERATED ALWAYS AS (first || ' ' || last) STORED
);
CREATE TABLE zlog (id integer PRIMARY KEY, who text, note text);
CREATE TABLE seen (id integer PRIMARY KEY);
CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (OLD.id); RETURN NULL; END $$;
CREATE TRIGGER note_it AFTER UPDATE OF full_name ON users FOR EACH ROW EXECUTE FUNCTION note_it();
