INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO bookings VALUES (1, 1, 'gone'), (2, 2, 'stays');
INSERT INTO audits (user_id, booking_id, old) VALUES (1, 1, 'gone'), (2, 2, 'stays');
