INSERT INTO users VALUES (1, 'Ann gone'), (2, 'Bob stays');
INSERT INTO bookings VALUES (1, 1, NULL), (2, 2, NULL);
INSERT INTO mails VALUES (1, 1, 'hi gone'), (2, 2, 'ho stays');
INSERT INTO visits VALUES (1, 1, 'nobody says that this is hers'), (2, 2, 'his stays');
