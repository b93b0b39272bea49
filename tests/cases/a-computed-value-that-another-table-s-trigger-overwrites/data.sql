INSERT INTO users VALUES (1, 'Ann'), (2, 'stays');
INSERT INTO visits VALUES (1, 1, 'Ann Berg');
