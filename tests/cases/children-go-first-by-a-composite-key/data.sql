INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO orders VALUES
    (1, 7, 100, 1, 'gone'), (2, 7, 200, 2, 'stays'), (3, 100, 7, 2, 'stays'), (4, 8, 100, 2, 'stays');
INSERT INTO lines VALUES
    ('tea', 100, 7, 'gone'), ('tea', 200, 7, 'stays'), ('tea', 7, 100, 'stays'), ('tea', 100, 8, 'stays'),
    ('tea', 100, NULL, 'stays');
