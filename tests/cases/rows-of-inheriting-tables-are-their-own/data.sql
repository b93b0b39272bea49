INSERT INTO users VALUES (7, 'gone'), (8, 'stays');
INSERT INTO events VALUES (1, 7, 'gone now'), (2, 8, 'stays'), (3, 8, 'stays');
INSERT INTO events_2022 VALUES (2, 7, 'a body that is gone'), (4, 8, 'stays');
INSERT INTO events_2023 VALUES (3, 7, 'gone', 'rain'), (5, 8, 'stays', 'sun');
INSERT INTO photos VALUES (10, 1, 'gone'), (11, 2, 'stays'), (12, 3, 'stays');
INSERT INTO comments VALUES (20, 1, 'gone'), (21, 2, 'stays'), (22, 3, 'stays');
