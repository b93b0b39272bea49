INSERT INTO users VALUES (1, 7, 1, 'gone'), (2, 7, 2, 'stays');
INSERT INTO bookings VALUES (1, 1, 'gone'), (2, 2, 'stays');
INSERT INTO audits VALUES (1, 1, 'User', 'gone'), (2, 1, 'Booking', 'gone'), (3, 2, 'User', 'stays'), (4, 2, 'Booking', 'stays'),
    (5, 1, NULL, 'stays'), (6, NULL, 'User', 'stays');
INSERT INTO cards VALUES (1, 1, 7, 'gone'), (2, 2, 7, 'stays'), (3, 1, 8, 'stays'), (4, NULL, 7, 'stays');
INSERT INTO swipes VALUES (1, 1, 'gone'), (2, 2, 'stays'), (3, 99, 'stays');
INSERT INTO comments VALUES (1, 1, NULL, 'gone'), (2, 2, NULL, 'stays'), (3, NULL, 1, 'gone'), (4, 2, 3, 'gone'), (5, 1, 2, 'gone');
