INSERT INTO users VALUES
    (1, 'gone@example.org', 'gone', NULL, NULL, 1, 1, NULL, NULL, NULL),
    (2, 'gone too', NULL, 'gone', '1950-01-01', 1, 1, 'gone', 'gone', '{gone,NULL}'),
    (3, 'stays', 'x', NULL, NULL, 1, 2, 'card', 'handle', '{}');
INSERT INTO mentions VALUES (1, 'gone'), (2, NULL), (3, 'handle');
