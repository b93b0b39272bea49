CREATE TABLE users (
  id bigint PRIMARY KEY,
  name varchar(40) NOT NULL UNIQUE,
  invited_by varchar(40) REFERENCES users (name) ON UPDATE RESTRICT,
  bio text
);
CREATE TABLE posts (id bigint PRIMARY KEY, author varchar(40) NOT NULL REFERENCES users (name) ON UPDATE RESTRICT, body text);
CREATE TABLE profiles (name varchar(40) PRIMARY KEY REFERENCES users (name) ON UPDATE CASCADE, colour text);
CREATE TABLE badges (
  id bigint PRIMARY KEY,
  holder varchar(32) REFERENCES profiles (name) ON UPDATE SET NULL,
  badge text
);
CREATE TABLE mentions (
  id bigint PRIMARY KEY,
  speaker varchar(40) NOT NULL REFERENCES users (name),
  spoken_of varchar(40) REFERENCES users (name) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ON users (invited_by);
CREATE INDEX ON posts (author);
CREATE INDEX ON badges (holder);
CREATE INDEX ON mentions (speaker);
CREATE INDEX ON mentions (spoken_of);
