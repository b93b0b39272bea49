INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO accounts VALUES (1, 1, NULL), (2, 2, NULL);
INSERT INTO orders VALUES (1, 1, 'gone'), (2, 1, 'gone'), (3, 2, 'stays');
UPDATE accounts SET latest_id = 2 WHERE id = 1;
UPDATE accounts SET latest_id = 3 WHERE id = 2;
