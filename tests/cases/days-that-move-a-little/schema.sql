CREATE TABLE users (id integer PRIMARY KEY, born date NOT NULL, was_born date NOT NULL,
    CHECK (abs(born - was_born) <= 30));
CREATE TABLE visits (
    id integer PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    at timestamp,
    was_at timestamp,
    seen timestamptz,
    was_seen timestamptz,
    days date[],
    note text,
    CHECK (note IN ('old', 'stays') OR at IS NULL OR NOT isfinite(at)
        OR at IN (was_at - interval '2 days', was_at - interval '1 day', was_at + interval '1 day', was_at + interval '2 days')),
    CHECK (isfinite(at) = isfinite(was_at)),
    CHECK (note IN ('old', 'stays') OR seen IN (was_seen - interval '1 day', was_seen + interval '1 day')),
    CHECK (cardinality(days) IN (0, 3))
);
CREATE INDEX ON visits (user_id);
CREATE FUNCTION harmless() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER visits_touch BEFORE UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION harmless();
