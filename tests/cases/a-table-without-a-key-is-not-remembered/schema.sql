CREATE TABLE users (id bigint PRIMARY KEY, name text);
CREATE TABLE log (user_id bigint REFERENCES users, line text, level integer);
CREATE INDEX ON log (user_id);
