INSERT INTO users VALUES (1, 'Ann'), (2, 'Tom');
INSERT INTO posts VALUES (10, 1, true, 'hers'), (11, 1, false, 'hers');
INSERT INTO comments VALUES (20, 10, 'draft?'), (21, 10, 'nice'), (22, 11, 'well');
