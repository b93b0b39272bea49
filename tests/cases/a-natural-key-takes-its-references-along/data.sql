INSERT INTO users VALUES (1, 'gone-ann', NULL, 'gone'), (2, 'bob', 'gone-ann', 'about bob'), (3, 'cleo', 'bob', 'stays');
INSERT INTO posts VALUES (10, 'gone-ann', 'hello'), (11, 'bob', 'stays');
INSERT INTO profiles VALUES ('gone-ann', 'red'), ('cleo', 'stays');
INSERT INTO badges VALUES (20, 'gone-ann', 'first post'), (21, 'cleo', 'stays'), (22, NULL, 'stays');
INSERT INTO mentions VALUES (30, 'bob', 'gone-ann'), (31, 'gone-ann', 'gone-ann'), (32, 'gone-ann', NULL), (33, 'bob', 'cleo');
