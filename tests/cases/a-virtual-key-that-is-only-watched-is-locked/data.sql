INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO audits VALUES (1, 2, 'stays');
