CREATE TABLE users (id integer PRIMARY KEY, role text, name text);
