CREATE TABLE orders (id int PRIMARY KEY, email text, note text);
CREATE TABLE invoices (id int PRIMARY KEY, order_id int REFERENCES orders, email text, total int);
CREATE TABLE refunds (id int PRIMARY KEY, order_id int REFERENCES orders ON DELETE SET NULL, why text);
CREATE INDEX ON invoices (order_id);
CREATE INDEX ON refunds (order_id);
