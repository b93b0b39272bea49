CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE profiles (name text PRIMARY KEY REFERENCES users (name), body text);
CREATE TABLE posts (id bigint PRIMARY KEY, author text NOT NULL REFERENCES users (name));
CREATE TABLE votes (id bigint PRIMARY KEY, voter text);
CREATE TABLE likes (id bigint PRIMARY KEY, liker text);
CREATE INDEX ON posts (author);
CREATE INDEX ON votes (voter);
CREATE INDEX ON likes (liker);
