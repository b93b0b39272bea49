INSERT INTO users VALUES (1, 5, 'ghost'), (2, 6, 'ghost'), (42, 5, 'gone'), (43, 5, 'stays');
INSERT INTO posts VALUES (10, 42, 'first'), (11, 43, 'stays');
INSERT INTO votes VALUES (20, 5, 'gone'), (21, 5, 'stays'), (22, 5, NULL);
