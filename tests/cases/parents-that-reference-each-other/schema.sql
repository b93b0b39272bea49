CREATE TABLE addresses (id int PRIMARY KEY, part_of_id int REFERENCES addresses, kind text NOT NULL, street text);
CREATE TABLE users (
    id int PRIMARY KEY, name text, address_id int REFERENCES addresses, office_id int REFERENCES addresses
);
CREATE INDEX ON addresses (part_of_id);
CREATE INDEX ON users (address_id);
CREATE INDEX ON users (office_id);
