CREATE TABLE users (id bigint PRIMARY KEY, name text, last_seen_at timestamptz);
