CREATE EXTENSION citext SCHEMA public;
CREATE TYPE mood AS ENUM ('fine', 'so so', 'bad');
CREATE TYPE home AS (street text, number integer);
CREATE DOMAIN address AS varchar(40) CHECK (VALUE = lower(VALUE));
CREATE TABLE users (id integer PRIMARY KEY, email text, login citext, code uuid, number numeric, born date);
CREATE TABLE orders (
    id integer PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    email address,
    login citext,
    code uuid,
    code_text text,
    number numeric(12,4),
    name text,
    first text,
    last text,
    phone varchar(20),
    digits text,
    token varchar(20),
    amount integer,
    born date,
    at timestamptz,
    yes boolean,
    mood mood,
    choice text,
    ip inet,
    aliases text[],
    home home
);
CREATE INDEX ON orders (user_id);
CREATE FUNCTION harmless() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION harmless();
