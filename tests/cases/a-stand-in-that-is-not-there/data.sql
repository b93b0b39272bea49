INSERT INTO users VALUES (2, 5, 'ghost'), (42, 5, 'ann'), (43, 6, 'bob');
INSERT INTO posts VALUES (10, 42, 'stays'), (11, 43, 'second');
INSERT INTO votes VALUES (20, 5, 'ann'), (21, 6, 'bob'), (22, 6, NULL);
