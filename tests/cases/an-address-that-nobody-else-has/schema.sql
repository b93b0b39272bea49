CREATE TABLE addresses (id int PRIMARY KEY, street text NOT NULL);
CREATE TABLE users (id int PRIMARY KEY, name text, address_id int REFERENCES addresses ON DELETE CASCADE);
CREATE INDEX ON users (address_id);
