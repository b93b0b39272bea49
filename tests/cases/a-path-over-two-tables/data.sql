INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO bookings VALUES (10, 1, 'gone'), (11, 1, 'gone'), (20, 2, 'stays');
INSERT INTO visits VALUES (100, 10, 'gone'), (110, 11, 'gone'), (200, 20, 'stays');
INSERT INTO ratings VALUES (100, 5, 'gone'), (200, 4, 'stays'), (NULL, 1, 'stays');
