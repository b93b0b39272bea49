INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO bookings VALUES
    (1, 1, 'booked', 'gone'), (2, 1, 'attended', 'gone'), (3, 1, NULL, 'gone'),
    (4, 2, 'booked', 'stays'), (5, 2, NULL, 'stays');
