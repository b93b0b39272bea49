INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO comments VALUES
    (1, 1, NULL, 'gone'), (2, 2, 1, 'a reply'), (3, 1, 1, 'gone'), (4, 2, 3, 'another reply'), (5, 2, 2, 'stays'),
    (6, 1, 5, 'gone');
