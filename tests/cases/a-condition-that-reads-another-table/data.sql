INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO bookings VALUES (1, 1, 'gone'), (2, 2, 'stays');
INSERT INTO notes VALUES (1, 1, 1, 'gone'), (2, 1, 99, 'stays'), (3, 1, NULL, 'stays'), (4, 2, 2, 'stays');
