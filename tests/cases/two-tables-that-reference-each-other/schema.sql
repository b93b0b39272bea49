CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE accounts (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users, latest_id integer);
CREATE TABLE orders (
    id integer PRIMARY KEY,
    account_id integer NOT NULL REFERENCES accounts ON DELETE RESTRICT,
    note text
);
ALTER TABLE accounts ADD FOREIGN KEY (latest_id) REFERENCES orders ON DELETE CASCADE;
CREATE INDEX ON accounts (user_id);
CREATE INDEX ON accounts (latest_id);
CREATE INDEX ON orders (account_id);
