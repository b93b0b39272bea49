INSERT INTO users VALUES (1, 'stays', '2999-01-01'), (2, 'stays', NULL);
INSERT INTO notes VALUES (1, 1, 'stays'), (2, NULL, 'stays');
