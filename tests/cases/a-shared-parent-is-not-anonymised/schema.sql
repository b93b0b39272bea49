CREATE TABLE addresses (id int PRIMARY KEY, street text);
CREATE TABLE users (id int PRIMARY KEY, name text, home_id int REFERENCES addresses, work_id int REFERENCES addresses,
  summer_id int REFERENCES addresses, winter_id int REFERENCES addresses);
CREATE TABLE orders (id int PRIMARY KEY, client_id int REFERENCES users, ship_to int REFERENCES addresses);
CREATE TABLE depots (id int PRIMARY KEY, address_id int REFERENCES addresses, city text);
CREATE INDEX ON users (home_id);
CREATE INDEX ON users (work_id);
CREATE INDEX ON users (summer_id);
CREATE INDEX ON users (winter_id);
CREATE INDEX ON orders (client_id);
CREATE INDEX ON orders (ship_to);
CREATE INDEX ON depots (address_id);
