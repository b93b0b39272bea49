INSERT INTO addresses VALUES (10, NULL, 'building', 'Tower stays'), (20, 10, 'flat', 'Flat gone');
INSERT INTO users VALUES (1, 'Ann gone', 20, 10), (2, 'Bob stays', NULL, NULL);
