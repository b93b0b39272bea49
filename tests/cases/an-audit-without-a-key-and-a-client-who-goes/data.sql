INSERT INTO users VALUES (1), (2);
INSERT INTO orders VALUES (1, 1, 'gone'), (2, 2, 'stays');
