CREATE SCHEMA ext;
CREATE EXTENSION citext SCHEMA ext;
CREATE TABLE newsletter (id bigint PRIMARY KEY, email text, name text);
