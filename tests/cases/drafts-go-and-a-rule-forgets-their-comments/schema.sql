CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users, draft boolean, body text);
CREATE TABLE comments (id int PRIMARY KEY, post int NOT NULL REFERENCES posts ON DELETE CASCADE, words text);
CREATE INDEX ON posts (author);
CREATE INDEX ON comments (post);
