INSERT INTO addresses VALUES (10, 'Home Street gone'), (20, 'Depot Street stays'), (30, 'Neighbour Street stays'),
  (40, 'Stranger Street stays');
INSERT INTO users VALUES (1, 'Ann gone', 10, 20, 30, NULL), (2, 'Bob stays', 40, NULL, NULL, 30);
INSERT INTO orders VALUES (100, 1, 10), (200, 2, 40), (300, NULL, NULL);
INSERT INTO depots VALUES (1, 20, 'Bonn stays');
