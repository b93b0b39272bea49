INSERT INTO members VALUES (1, 7, 'gone'), (7, 1, 'stays'), (1, 8, 'stays'), (2, 7, 'stays');
INSERT INTO bookings VALUES (1, 7, 1, 'gone'), (2, 1, 7, 'stays'), (3, 8, 1, 'stays'), (4, 7, 2, 'stays');
INSERT INTO visits VALUES (1, 'gone'), (2, 'stays'), (3, 'stays'), (4, 'stays');
