CREATE TABLE sessions (id bigint PRIMARY KEY, token text NOT NULL);
CREATE TABLE devices (id bigint PRIMARY KEY, session_id bigint NOT NULL REFERENCES sessions ON DELETE CASCADE, name text);
CREATE TABLE accounts (id bigint PRIMARY KEY, last_session_id bigint REFERENCES sessions, plan text NOT NULL);
CREATE TABLE messages (id bigint PRIMARY KEY, reply_to bigint REFERENCES messages, body text);
CREATE INDEX ON devices (session_id);
CREATE INDEX ON accounts (last_session_id);
CREATE INDEX ON messages (reply_to);
