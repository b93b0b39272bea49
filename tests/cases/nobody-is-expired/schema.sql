CREATE TABLE users (id bigint PRIMARY KEY, name text, last_seen_at timestamptz);
CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint, body text);
