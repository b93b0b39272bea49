CREATE DOMAIN card AS jsonb NOT NULL CHECK (jsonb_typeof(VALUE) <> 'string');
CREATE TABLE users (id integer PRIMARY KEY);
CREATE TABLE notes (
    id integer PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    b jsonb,
    j json,
    bs jsonb[],
    js json[],
    card card
);
CREATE INDEX ON notes (user_id);
