INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO comments VALUES
    (1, 2, NULL, 'stays'), (2, 1, 1, 'gone'), (3, 2, 2, 'gone'), (4, 2, 3, 'gone'), (5, 1, 4, 'gone'), (6, 2, 5, 'gone'),
    (7, 2, 1, 'stays'), (8, 1, 8, 'gone'), (9, 2, 9, 'stays'), (10, 2, 7, 'stays');
INSERT INTO likes VALUES (1, 1, 'stays'), (2, 6, 'gone'), (3, 10, 'stays'), (4, 8, 'gone');
