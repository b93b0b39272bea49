INSERT INTO users VALUES (1, 'Ann gone'), (2, 'Bob stays');
INSERT INTO bookings VALUES (1, 1, 2, 'yoga gone'), (2, 2, 1, 'judo'), (3, 2, 2, 'golf stays');
INSERT INTO visits VALUES (1, 1, 'early gone'), (3, 3, 'late stays');
