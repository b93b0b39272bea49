CREATE TABLE users (id int PRIMARY KEY, name text, usual_address_id int);
CREATE TABLE addresses (id int PRIMARY KEY, user_id int REFERENCES users, street text);
ALTER TABLE users ADD FOREIGN KEY (usual_address_id) REFERENCES addresses;
CREATE INDEX ON users (usual_address_id);
CREATE INDEX ON addresses (user_id);
