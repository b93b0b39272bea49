INSERT INTO rooms VALUES ('A', 1, 'sign gone'), ('A', 2, 'sign stays'), ('B', 1, 'plate stays'), ('B', 2, 'plate gone');
INSERT INTO people VALUES (1, 'Ann gone'), (2, 'Bob stays');
INSERT INTO leases VALUES (1, 1, 'A', 1), (2, 1, 'A', 2), (3, 2, 'A', 2), (4, 2, 'B', NULL), (5, 2, NULL, 1), (6, 1, 'B', 2),
  (7, 1, 'B', NULL), (8, 2, 'B', 1);
