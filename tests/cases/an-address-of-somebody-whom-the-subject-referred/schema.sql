CREATE TABLE addresses (id int PRIMARY KEY, street text);
CREATE TABLE users (id int PRIMARY KEY, name text, referred_by_id int REFERENCES users, home_id int REFERENCES addresses,
  work_id int REFERENCES addresses);
CREATE INDEX ON users (referred_by_id);
CREATE INDEX ON users (home_id);
CREATE INDEX ON users (work_id);
