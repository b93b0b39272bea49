CREATE TABLE users (id integer PRIMARY KEY, name text, phone text, profile json);
