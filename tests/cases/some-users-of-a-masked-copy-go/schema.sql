CREATE TABLE users (id int PRIMARY KEY, works_here boolean, name text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users, note text);
CREATE INDEX ON orders (user_id);
