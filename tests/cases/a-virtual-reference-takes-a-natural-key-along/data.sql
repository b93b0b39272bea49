INSERT INTO users VALUES (1, 'gone-ann', 'gone'), (2, 'bob', 'stays');
INSERT INTO messages VALUES (10, 'gone-ann', 'hello'), (11, 'bob', 'stays'), (12, 'nobody', 'stays'), (13, NULL, 'stays');
INSERT INTO log VALUES (20, 'user', 'gone-ann'), (21, 'user', 'bob stays not, but nobody is called so'), (22, 'dog', 'ann the dog stays');
INSERT INTO users VALUES (3, 'rex', 'stays');
INSERT INTO log VALUES (23, 'dog', 'rex');
