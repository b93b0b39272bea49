CREATE TABLE addresses (id int PRIMARY KEY, street text NOT NULL);
CREATE TABLE users (id int PRIMARY KEY, name text, address_id int REFERENCES addresses, second_id int REFERENCES addresses);
CREATE TABLE photos (id int PRIMARY KEY, address_id int NOT NULL REFERENCES addresses, file text);
CREATE TABLE remarks (id int PRIMARY KEY, photo_id int NOT NULL REFERENCES photos, body text);
CREATE INDEX ON users (address_id);
CREATE INDEX ON users (second_id);
CREATE INDEX ON photos (address_id);
CREATE INDEX ON remarks (photo_id);
