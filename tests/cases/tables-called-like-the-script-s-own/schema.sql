CREATE TABLE efface_gate (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE efface_reached (
    id bigint PRIMARY KEY,
    gate_id bigint REFERENCES efface_gate,
    up_id bigint REFERENCES efface_reached,
    note text NOT NULL
);
CREATE INDEX ON efface_reached (gate_id);
CREATE INDEX ON efface_reached (up_id);
CREATE TABLE "new" (id bigint PRIMARY KEY, reached_id bigint NOT NULL REFERENCES efface_reached, note text NOT NULL);
CREATE INDEX ON "new" (reached_id);
CREATE TABLE "old" (id bigint PRIMARY KEY, new_id bigint NOT NULL REFERENCES "new", note text NOT NULL);
CREATE INDEX ON "old" (new_id);
-- Not referenced by a key: what stays of a client is a number.
CREATE TABLE efface_values (id bigint PRIMARY KEY, client bigint NOT NULL, phone text, note text);
CREATE INDEX ON efface_values (client);
CREATE FUNCTION trims() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.note := btrim(NEW.note);
    RETURN NEW;
END $$;
CREATE TRIGGER trims BEFORE UPDATE ON efface_values FOR EACH ROW EXECUTE FUNCTION trims();
