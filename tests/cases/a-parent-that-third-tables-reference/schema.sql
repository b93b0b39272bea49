CREATE TABLE addresses (id int PRIMARY KEY, street text NOT NULL);
CREATE TABLE users (id int PRIMARY KEY, name text, home_id int REFERENCES addresses,
  work_id int REFERENCES addresses ON DELETE SET NULL);
CREATE TABLE homes (client_id int REFERENCES users, address_id int REFERENCES addresses, PRIMARY KEY (client_id, address_id));
CREATE TABLE orders (id int PRIMARY KEY, client_id int REFERENCES users, ship_to int REFERENCES addresses ON DELETE CASCADE);
CREATE TABLE invoices (id int PRIMARY KEY, client_id int REFERENCES users, bill_to int REFERENCES addresses, paid boolean);
CREATE TABLE depots (id int PRIMARY KEY, address_id int REFERENCES addresses ON DELETE CASCADE, city text);
CREATE INDEX ON users (home_id);
CREATE INDEX ON users (work_id);
CREATE INDEX ON homes (address_id);
CREATE INDEX ON orders (client_id);
CREATE INDEX ON orders (ship_to);
CREATE INDEX ON invoices (client_id);
CREATE INDEX ON invoices (bill_to);
CREATE INDEX ON depots (address_id);
