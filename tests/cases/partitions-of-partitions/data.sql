INSERT INTO users VALUES (42, 'gone'), (43, 'stays');
INSERT INTO visits VALUES (1, '2023-05-01', 'north', 42, 'gone'), (1, '2023-05-01', 'south', 42, 'gone'), (1, '2024-05-01', 'north', 42, 'gone'),
  (2, '2023-05-01', 'north', 43, 'stays'), (2, '2023-05-01', 'south', 43, 'stays'), (3, '2024-05-01', 'north', 42, 'gone');
INSERT INTO bills VALUES (1, 'north', '2023-05-01', 1, true), (2, 'south', '2023-05-01', 1, true), (3, 'north', '2023-05-01', 2, false),
  (4, 'north', '2024-05-01', 3, false), (5, NULL, '2024-05-01', 3, true);
