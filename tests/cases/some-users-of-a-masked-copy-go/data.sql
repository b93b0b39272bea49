INSERT INTO users VALUES (1, true, 'Eva stays'), (2, false, 'Ann gone'), (3, NULL, 'Tom gone');
INSERT INTO orders VALUES (10, 1, 'stays'), (11, 2, 'gone'), (12, 3, 'gone'), (13, NULL, 'stays');
