INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO bookings VALUES (1, 1, 'gone'), (2, 2, 'stays');
INSERT INTO visits (client_id, door, note) VALUES (1, 'north', 'gone'), (1, 'south', 'gone'), (2, 'north', 'stays');
