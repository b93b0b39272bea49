INSERT INTO users VALUES (1, 'Ann');
INSERT INTO bookings VALUES (10, 1, 'knee');
