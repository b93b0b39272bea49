INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO bookings VALUES (1, 1, 'gone'), (2, 2, 'stays'), (3, 7, 'stays');
INSERT INTO visits VALUES (1, 1, 'gone'), (2, 2, 'stays');
