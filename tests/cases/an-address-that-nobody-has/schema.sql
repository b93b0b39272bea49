CREATE TABLE newsletter (id bigint PRIMARY KEY, email text);
