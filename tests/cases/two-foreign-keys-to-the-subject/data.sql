INSERT INTO users VALUES (1, 'gone'), (2, 'stays'), (3, 'stays');
INSERT INTO linkings VALUES
    (1, 1, 2, 'gone'), (2, 2, 1, 'gone'), (3, 1, 1, 'gone'), (4, 2, 3, 'stays'), (5, 3, 2, 'stays');
