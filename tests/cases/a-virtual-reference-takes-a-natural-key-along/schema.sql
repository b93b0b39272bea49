CREATE TABLE users (id bigint PRIMARY KEY, handle text NOT NULL UNIQUE, bio text);
CREATE TABLE messages (id bigint PRIMARY KEY, sender text, body text);
CREATE TABLE log (id bigint PRIMARY KEY, kind text, who text);
CREATE INDEX ON messages (sender);
CREATE INDEX ON log (who);
