INSERT INTO users VALUES (1, 'Anna'), (2, 'Bob');
INSERT INTO bookings VALUES (1, 1, 'Anna has a knee'), (2, 2, NULL);
