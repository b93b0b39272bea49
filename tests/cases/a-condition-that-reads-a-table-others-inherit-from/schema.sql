CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE logs (id integer PRIMARY KEY, user_id integer, body text);
CREATE TABLE a_special_logs (PRIMARY KEY (id), FOREIGN KEY (user_id) REFERENCES users) INHERITS (logs);
CREATE INDEX ON a_special_logs (user_id);
