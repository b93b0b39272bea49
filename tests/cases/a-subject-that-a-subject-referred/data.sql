INSERT INTO users VALUES (1, NULL, 'gone'), (2, 1, 'gone'), (3, 3, 'gone'), (4, 2, 'Dan'), (5, NULL, 'stays');
