INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO bookings VALUES (1, 1, 'gone'), (2, 1, 'gone'), (3, 1, 'stays'), (4, 2, 'stays too');
