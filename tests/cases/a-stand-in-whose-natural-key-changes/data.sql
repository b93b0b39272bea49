INSERT INTO users VALUES (1, 'ghost'), (42, 'ann'), (43, 'cleo');
INSERT INTO profiles VALUES ('ghost', 'nobody'), ('ann', NULL);
INSERT INTO posts VALUES (10, 'ann'), (11, 'cleo');
INSERT INTO votes VALUES (20, 'ann'), (21, 'cleo'), (22, NULL);
INSERT INTO likes VALUES (30, 'ann'), (31, NULL);
