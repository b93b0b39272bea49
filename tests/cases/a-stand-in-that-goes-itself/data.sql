INSERT INTO users VALUES (1, 5, 'ghost'), (2, 6, 'ghost'), (42, 5, 'stays'), (43, 5, 'cleo');
INSERT INTO posts VALUES (10, 1, 'first'), (11, 43, 'stays');
INSERT INTO votes VALUES (20, 5, 'ghost'), (21, 5, 'stays'), (22, 5, NULL);
