INSERT INTO orders VALUES (1, 'ann@example.org', 'hers'), (2, 'tom@example.org', 'stays');
INSERT INTO invoices VALUES (10, 1, NULL, 20);
