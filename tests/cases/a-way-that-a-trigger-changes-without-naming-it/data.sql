INSERT INTO users VALUES (1), (2);
INSERT INTO bookings VALUES (5, 1, 'gone'), (6, 2, 'stays');
INSERT INTO visits VALUES (7, 5, 'gone'), (8, 6, 'stays');
