INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
WITH a AS (INSERT INTO accounts VALUES (1, 1, 2), (2, 2, 3))
INSERT INTO orders VALUES (1, 1, 'gone'), (2, 1, 'gone'), (3, 2, 'stays');
INSERT INTO tally VALUES (1, 2), (2, 1);
