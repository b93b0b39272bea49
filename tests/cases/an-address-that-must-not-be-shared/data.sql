INSERT INTO addresses VALUES (10, 'Shared Street stays'), (30, 'Lone Street stays');
INSERT INTO users VALUES (1, 'Ann stays', 10), (2, 'Bob stays', 10), (3, 'Cho stays', 30);
