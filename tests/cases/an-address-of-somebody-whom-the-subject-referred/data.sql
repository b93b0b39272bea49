INSERT INTO addresses VALUES (10, 'Shared Street stays'), (20, 'Bob Street stays'), (30, 'Work Street gone');
INSERT INTO users VALUES (1, 'Ann gone', NULL, 10, 30), (2, 'Bob', 1, 20, NULL), (3, 'Cleo', 1, 10, NULL);
