CREATE TABLE users (id integer PRIMARY KEY, email text, code char(4));
CREATE TABLE mail_log (id integer PRIMARY KEY, email text, what text);
CREATE TABLE parcels (id integer PRIMARY KEY, code char(4), what text);
