INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO posts VALUES (10, 1, true, 'gone'), (11, 1, false, 'gone'), (12, 2, true, 'stays'), (13, 1, NULL, 'gone');
INSERT INTO comments VALUES (20, 10, 'gone'), (21, 11, 'stays'), (22, 12, 'stays'), (23, 13, 'stays');
