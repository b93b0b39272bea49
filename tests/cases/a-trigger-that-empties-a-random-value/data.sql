INSERT INTO users VALUES (1, 'ann@example.org', NULL), (2, NULL, 'stays');
