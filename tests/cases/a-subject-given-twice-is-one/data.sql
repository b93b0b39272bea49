INSERT INTO clients VALUES (1, 'Ann, gone'), (2, 'Bob, gone'), (3, 'Cleo stays');
INSERT INTO bookings VALUES (1, 1, 'gone'), (2, 2, 'gone'), (3, 3, 'stays');
