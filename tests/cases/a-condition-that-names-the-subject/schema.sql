CREATE TABLE users (id bigint PRIMARY KEY, name text);
CREATE TABLE audits (id bigint PRIMARY KEY, auditable_type text, auditable_id bigint, note text);
