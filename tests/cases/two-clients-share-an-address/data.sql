INSERT INTO addresses VALUES (10, 'Shared Street stays'), (30, 'Lone Street gone'), (50, 'Empty Street stays');
INSERT INTO users VALUES (1, 'Ann gone', 10), (2, 'Bob stays', 10), (3, 'Cho gone', 30), (4, 'Dan gone', NULL);
