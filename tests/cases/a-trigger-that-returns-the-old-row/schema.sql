CREATE TABLE users (id integer PRIMARY KEY, name text, phone text);
CREATE FUNCTION stubborn() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
CREATE TRIGGER stubborn BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION stubborn();
