CREATE TABLE clients (id bigint PRIMARY KEY, name text, brother_id bigint REFERENCES clients, phone text);
CREATE TABLE appointments (
    id bigint PRIMARY KEY,
    client_id bigint NOT NULL REFERENCES clients,
    title text NOT NULL,
    remark text
);
CREATE INDEX ON clients (brother_id);
CREATE INDEX ON appointments (client_id);
