INSERT INTO users VALUES (1, 'gone', 'before'), (2, 'stays', 'stays');
INSERT INTO orders VALUES (1, 1, 5, 'gone'), (2, 1, 7, 'gone'), (3, 2, 9, 'stays');
