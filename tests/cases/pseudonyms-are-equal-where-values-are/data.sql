INSERT INTO users VALUES
    (1, 'gone.ann@example.org', 'Gone', '00000000-0000-4000-8000-000000000001', 1.50, '1984-12-31'),
    (2, 'gone.bob@example.org', NULL, NULL, NULL, '1984-12-31'),
    (3, 'stays@example.org', 'Gone?', NULL, 1.5, '1984-12-31');
INSERT INTO orders VALUES
    (1, 1, 'gone.ann@example.org', 'gONE', '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001',
     1.5, 'gone', 'gone', 'gone', 'gone', 'gone', 'gone', 17, '1984-12-31', '2024-02-29 12:00+00', true, 'bad', 'gone', '10.0.0.1',
     '{gone.ann@example.org,NULL,gone.bob@example.org}', '("gone",17)'),
    (2, 1, 'gone.ann@example.org', 'gone', NULL, NULL, 1.5000, 'gone', 'gone', 'gone', 'gone', 'gone', 'gone', 17,
     '1984-12-31', '2024-02-29 12:00+00', true, 'bad', 'gone', '10.0.0.1',
     '{}', '("gone",)'),
    (3, 2, 'gone.bob@example.org', NULL, NULL, NULL, 2, 'gone 2', 'gone 2', 'gone 2', 'gone 2', 'gone 2', 'gone 2', 18,
     '1984-12-30', '2024-02-29 12:01+00', false, 'fine', 'gone 2', '10.0.0.2', '{gone}', '("gone 2",17)'),
    (4, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 3, 'stays', 'stays', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
