CREATE TABLE users (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_name text,
    last_name text,
    full_name text GENERATED ALWAYS AS (first_name || ' ' || last_name) STORED,
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(last_name, ''))) STORED
);
