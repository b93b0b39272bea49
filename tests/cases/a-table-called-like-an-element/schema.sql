CREATE TYPE "A ""Pair""" AS (efface_element text, "value1" integer, efface_elements text[]);
CREATE TABLE efface_element (
    id integer PRIMARY KEY,
    efface_element text[] NOT NULL,
    value1 "A ""Pair""",
    key1 "A ""Pair"""[],
    efface_elements text UNIQUE
);
CREATE TABLE others (id integer PRIMARY KEY, efface_element text REFERENCES efface_element (efface_elements));
CREATE INDEX ON others (efface_element);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER nothing BEFORE UPDATE ON efface_element FOR EACH ROW EXECUTE FUNCTION nothing();
