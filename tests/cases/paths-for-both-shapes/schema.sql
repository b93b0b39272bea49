CREATE TABLE users (id integer PRIMARY KEY, profile jsonb, raw json);
