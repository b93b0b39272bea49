CREATE TABLE clients (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE bookings (id bigint PRIMARY KEY, client_id bigint NOT NULL REFERENCES clients, note text);
CREATE INDEX ON bookings (client_id);
