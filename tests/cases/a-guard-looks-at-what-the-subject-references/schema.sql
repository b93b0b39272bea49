CREATE TABLE contracts (id int PRIMARY KEY, runs boolean NOT NULL, terms text);
CREATE TABLE users (id int PRIMARY KEY, name text, contract_id int REFERENCES contracts);
CREATE INDEX ON users (contract_id);
