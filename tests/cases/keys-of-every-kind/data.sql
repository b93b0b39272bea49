INSERT INTO users VALUES (42, 5, 'gone', NULL), (43, 5, 'stays', NULL), (44, 6, 'gona', NULL);
INSERT INTO documents VALUES (1, 5, 42), (2, 5, 43), (3, 5, NULL);
INSERT INTO notes VALUES (1, 42, 'gone'), (2, 43, 'stays'), (3, 42, 'gone too');
UPDATE users SET favourite_id = 3 WHERE id = 42;
INSERT INTO badges VALUES (1, 'gone', 5), (2, 'stays', 5), (3, 'gona', 6), (4, 'unknown stays', NULL);
INSERT INTO bookings VALUES (42, 43, '2024-05-01'), (43, 42, '2024-05-02'), (43, 44, '2024-05-03'), (42, 42, '2024-05-04');
INSERT INTO visits VALUES (2, 42, 'gone'), (3, 43, 'stays');
