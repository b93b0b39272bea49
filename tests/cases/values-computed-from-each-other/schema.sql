CREATE TABLE users (id integer PRIMARY KEY, name text, note text);
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users, total integer, note text);
CREATE INDEX ON orders (user_id);
