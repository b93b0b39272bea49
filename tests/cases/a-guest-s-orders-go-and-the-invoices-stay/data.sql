INSERT INTO orders VALUES (1, 'ann@example.org', 'gone'), (2, 'tom@example.org', 'stays');
INSERT INTO invoices VALUES (10, 1, 'ann@example.org', 20), (11, 2, 'stays@example.org', 30), (12, NULL, 'ann@example.org', 40);
INSERT INTO refunds VALUES (20, 1, 'gone: came late'), (21, 2, 'stays'), (22, NULL, 'stays');
