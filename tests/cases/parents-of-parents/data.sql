INSERT INTO cities VALUES (1, 'Bonn stays'), (2, 'Kiel gone'), (3, 'Ulm stays');
INSERT INTO streets VALUES (1, 1, 'Shared stays'), (2, 2, 'Lone gone'), (3, 1, 'Quiet gone'), (4, 3, 'Far stays');
INSERT INTO addresses VALUES (10, 1, '1 stays'), (11, 3, '11 gone'), (30, 2, '3 gone'), (31, 1, '31 gone'), (40, 4, '4 stays');
INSERT INTO users VALUES (1, 'Ann gone', 10), (2, 'Bob stays', 10), (3, 'Cho gone', 30);
INSERT INTO visits VALUES (1, 11), (3, 31);
