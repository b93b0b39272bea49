INSERT INTO addresses VALUES (10, 'Their Street gone'), (30, 'Other Street stays');
INSERT INTO users VALUES (1, 'Ann gone', 10), (2, 'Bob gone', 10), (3, 'Cho stays', 30);
