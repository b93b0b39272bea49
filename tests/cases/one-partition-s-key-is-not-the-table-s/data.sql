INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO events VALUES (10, 1, 1, 'gone'), (10, 2, 2, 'stays');
