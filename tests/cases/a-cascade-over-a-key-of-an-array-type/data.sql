INSERT INTO users VALUES (1, '{1,2}', 'gone'), (2, '{3}', 'stays');
INSERT INTO notes VALUES (1, 1, NULL, 'gone'), (2, NULL, '{1,2}', 'gone'), (3, 2, '{3}', 'stays');
