CREATE TABLE clients (id bigint PRIMARY KEY, name text);
CREATE TABLE history (at timestamptz NOT NULL DEFAULT now(), relation text NOT NULL, before jsonb NOT NULL);
CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO history (relation, before) VALUES (TG_TABLE_NAME, to_jsonb(OLD));
    RETURN NULL;
END $$;
CREATE TRIGGER remember AFTER UPDATE OR DELETE ON clients FOR EACH ROW EXECUTE FUNCTION remember();
