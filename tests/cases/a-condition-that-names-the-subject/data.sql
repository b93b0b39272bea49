INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO audits VALUES
    (1, 'User', 1, 'gone'), (2, 'Booking', 1, 'stays'), (3, 'User', 2, 'stays'), (4, NULL, 1, 'stays'),
    (5, 'User', 1, 'stays :subject');
