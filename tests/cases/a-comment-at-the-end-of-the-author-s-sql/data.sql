INSERT INTO users VALUES (1, 'gone', 'client'), (2, 'stays', 'client');
INSERT INTO notes VALUES (1, 1, 'private', 'gone'), (2, 1, 'public', 'stays'), (3, 2, 'private', 'stays');
