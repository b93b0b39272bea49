CREATE TABLE users (id bigint PRIMARY KEY, email text, phone text);
CREATE TABLE newsletters (id bigint PRIMARY KEY, address text, note text);
CREATE TABLE imports (id bigint PRIMARY KEY, user_ref text, raw text);
CREATE TABLE orders (id bigint PRIMARY KEY, guest_email text);
CREATE TABLE order_items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, note text);
CREATE TABLE calls (id bigint PRIMARY KEY, phone text, note text);
CREATE INDEX ON order_items (order_id);
