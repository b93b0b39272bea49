INSERT INTO users VALUES (1, 'client', NULL, 'stays'), (2, 'admin', 1, 'stays'), (3, 'client', 2, 'stays');
