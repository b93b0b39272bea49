INSERT INTO members VALUES (7, 1, 'M-1', NULL), (8, 2, 'M-1', NULL), (9, 1, 'M-2', 'M-1'), (10, 2, 'M-2', 'M-1'), (11, 1, 'M-3', 'M-2');
INSERT INTO cards VALUES (1, 'M-1', 2023), (1, 'M-1', 2024), (2, 'M-1', 2024), (1, 'M-2', 2024);
INSERT INTO stamps VALUES (1, 2023, 'M-1', 1, 'pool'), (2, 2024, 'M-1', 1, 'pool'), (3, 2024, 'M-1', 2, 'stays'), (4, 2024, 'M-2', 1, 'stays'),
  (5, NULL, 'M-1', 1, 'stays: a reference that is no reference, as a part of it is NULL');
