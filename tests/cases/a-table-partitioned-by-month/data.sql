INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO visits VALUES
    (1, 1, '2024-03-01', 'north', 'gone'), (2, 1, '2024-09-01', 'south', 'gone'), (3, 1, '2023-01-01', 'north', 'gone'),
    (4, 2, '2024-03-01', 'north', 'stays'), (5, 2, '2025-03-01', 'south', 'stays');
