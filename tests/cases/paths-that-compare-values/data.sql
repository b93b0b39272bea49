INSERT INTO users VALUES (1, 'Ann@Example.org', '+49 1'), (2, 'bob@example.org', NULL);
INSERT INTO newsletters VALUES (1, 'ANN@example.ORG', 'gone'), (2, 'bob@example.org', 'stays'), (3, NULL, 'stays'), (4, 'joann@example.org', 'stays');
INSERT INTO imports VALUES (1, '1', 'gone'), (2, '11', 'stays'), (3, NULL, 'stays');
INSERT INTO orders VALUES (1, 'ann@example.org'), (2, 'bob@example.org');
INSERT INTO order_items VALUES (1, 1, 'gone'), (2, 2, 'stays');
INSERT INTO calls VALUES (1, '+49 1', 'gone'), (2, '+49 2', 'stays'), (3, NULL, 'stays');
