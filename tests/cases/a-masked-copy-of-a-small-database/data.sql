INSERT INTO clubs VALUES (1, 'stays: North'), (2, 'stays: South');
INSERT INTO users VALUES
    (1, 1, NULL, 'staff', 'stays: Root', 'root@example.org'),
    (2, 1, NULL, 'client', 'gone: Anna', 'gone@example.org'),
    (3, 2, 2, 'client', 'gone: Tom', 'gone.too@example.org'),
    (4, 2, NULL, NULL, 'gone: nobody knows', NULL);
INSERT INTO bookings VALUES (1, 2, '2020-02-02', 'gone: knee'), (2, 3, '2020-03-03', NULL), (3, 1, '2020-04-04', 'gone: staff too');
INSERT INTO visits VALUES (1, '2020-02-02', 'gone'), (2, '2021-02-02', 'gone'), (3, '2021-03-03', 'stays: of nobody');
INSERT INTO log VALUES ('gone: Anna logged in'), ('gone: Tom logged in');
