INSERT INTO notes VALUES (10, 'gone'), (13, 'stays');
INSERT INTO users VALUES (19, 10, NULL), (20, 13, NULL);
INSERT INTO items VALUES (19, 'Booking', 19, 'gone'), (20, 'User', 10, 'gone'), (21, 'Booking', 20, 'stays'), (22, NULL, 19, 'stays');
INSERT INTO messages VALUES (1, 19, 13), (2, 21, 13);
