INSERT INTO users VALUES (10, 1, 'gone'), (10, 2, 'stays');
