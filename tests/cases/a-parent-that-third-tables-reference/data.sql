INSERT INTO addresses VALUES (10, 'Home Street gone'), (20, 'Work Street gone'), (30, 'Paid Street stays'),
  (40, 'Unpaid Street gone'), (50, 'Depot Street stays'), (60, 'Friend Street stays'), (70, 'Unknown Street stays');
INSERT INTO users VALUES (1, 'Ann gone', 10, 20), (2, 'Bob stays', 60, NULL);
INSERT INTO homes VALUES (1, 30), (1, 40), (1, 50), (1, 60), (1, 70), (2, 60);
INSERT INTO orders VALUES (100, 1, 10), (101, 1, 20), (102, 1, NULL), (200, 2, 60);
INSERT INTO invoices VALUES (1, 1, 30, true), (2, 1, 40, false), (3, 1, 70, NULL), (4, 1, NULL, true);
INSERT INTO depots VALUES (1, 50, 'Bonn stays'), (2, NULL, 'Kiel stays');
