CREATE TABLE users (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    email varchar(80) NOT NULL UNIQUE,
    phone text
);
