INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO bookings VALUES (1, 1, true, 'x'), (2, 1, false, 'y');
INSERT INTO payments VALUES (1, 1, 1);
