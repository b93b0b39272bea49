CREATE TABLE users (id integer NOT NULL, club integer, name text) PARTITION BY LIST (club);
CREATE TABLE users_1 PARTITION OF users (PRIMARY KEY (id)) FOR VALUES IN (1);
CREATE TABLE users_2 PARTITION OF users (PRIMARY KEY (id)) FOR VALUES IN (2);
