CREATE TABLE users (code varchar(5) PRIMARY KEY, name text);
CREATE TABLE notes (user_code varchar(5) REFERENCES users, body text);
CREATE INDEX ON notes (user_code);
