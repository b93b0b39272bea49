INSERT INTO addresses VALUES (10, 'Home Street gone'), (20, 'Second Street stays');
INSERT INTO users VALUES (1, 'Ann gone', 10, 20), (2, 'Bob stays', NULL, NULL);
INSERT INTO orders VALUES (100, 1, 10), (101, 1, 20), (200, 2, 20);
