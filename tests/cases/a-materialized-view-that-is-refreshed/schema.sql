CREATE TABLE users (id integer PRIMARY KEY, name text, town text);
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users, amount integer NOT NULL);
CREATE INDEX ON orders (user_id);
CREATE VIEW named AS SELECT id, name FROM users;
CREATE MATERIALIZED VIEW z_totals AS
    SELECT n.id, n.name, sum(o.amount) AS total FROM named AS n JOIN orders AS o ON o.user_id = n.id GROUP BY 1, 2;
CREATE UNIQUE INDEX ON z_totals (id);
CREATE MATERIALIZED VIEW a_best AS SELECT name FROM z_totals WHERE total > 5;
CREATE MATERIALIZED VIEW towns AS SELECT town, count(*) AS people FROM users GROUP BY town;
