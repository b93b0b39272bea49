CREATE TABLE plans (id int PRIMARY KEY, login text UNIQUE);
CREATE TABLE messages (id int PRIMARY KEY, by_login text REFERENCES plans (login), title text);
CREATE TABLE replies (id int PRIMARY KEY, by_login text REFERENCES plans (login), title text);
CREATE INDEX ON messages (by_login);
CREATE INDEX ON replies (by_login);
