CREATE TABLE addresses (id int PRIMARY KEY, street text NOT NULL);
CREATE TABLE users (id int PRIMARY KEY, name text, address_id int REFERENCES addresses, second_id int REFERENCES addresses);
CREATE TABLE orders (id int PRIMARY KEY, client_id int REFERENCES users, ship_to int REFERENCES addresses);
CREATE INDEX ON users (address_id);
CREATE INDEX ON users (second_id);
CREATE INDEX ON orders (client_id);
CREATE INDEX ON orders (ship_to);
