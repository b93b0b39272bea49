CREATE EXTENSION citext SCHEMA public;
CREATE DOMAIN card AS varchar(19) CHECK (VALUE ~ '^[*0-9 ]+$');
CREATE DOMAIN short_card AS card CHECK (length(VALUE) <= 8);
CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE details (
    id integer PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    m_text text CHECK (m_text IS NULL OR char_length(m_text) <= 12),
    m_ends text,
    m_first varchar(6),
    m_last char(8),
    m_citext citext,
    m_name name,
    m_card short_card,
    m_array text[],
    g_year date,
    g_decade date[],
    g_century timestamp,
    g_month timestamptz,
    g_week timestamp,
    g_day timestamptz,
    g_minute timestamp,
    g_hour time,
    g_small smallint,
    g_int integer CHECK (g_int % 1000 = 0 OR g_int = 12345),
    g_big bigint,
    g_numeric numeric(4,2),
    g_free numeric,
    g_real real,
    g_double double precision,
    g_numbers integer[],
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX ON details (user_id);
CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER details_version BEFORE UPDATE ON details FOR EACH ROW EXECUTE FUNCTION count_up();
