INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO comments VALUES (1, 1, 'gone'), (2, 2, 'stays');
INSERT INTO likes VALUES (1, 1, 'gone'), (2, 2, 'stays');
INSERT INTO replies VALUES (1, 1, 'gone'), (2, 2, 'stays'), (3, NULL, 'stays');
INSERT INTO reports VALUES
    (1, 1, NULL, 'gone'), (2, NULL, 1, 'gone'), (3, 1, 2, 'gone'), (4, 2, 2, 'stays'), (5, NULL, NULL, 'stays');
