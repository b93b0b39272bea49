CREATE TABLE users (id integer PRIMARY KEY, name text, archived_at date);
CREATE TABLE payments (id integer PRIMARY KEY, client_id integer REFERENCES users, status text);
CREATE TABLE credits (payment_id integer REFERENCES payments, amount integer);
CREATE INDEX ON payments (client_id);
CREATE INDEX ON credits (payment_id);
