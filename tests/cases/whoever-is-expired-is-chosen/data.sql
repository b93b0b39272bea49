INSERT INTO users VALUES
    (1, 1, 'client', 'gone', '2019-01-01'),
    (1, 2, 'client', 'stays: seen lately', '2999-01-01'),
    (2, 1, 'client', 'gone', '2018-05-05'),
    (2, 2, 'client', 'stays: nobody knows', NULL),
    (2, 3, 'admin', 'stays: staff', '2001-01-01'),
    (3, 1, 'client', 'stays: has a booking to come', '2010-01-01');
INSERT INTO bookings VALUES
    (1, 1, 1, '2018-12-01', 'gone'),
    (2, 1, 2, '2018-12-01', 'stays'),
    (3, 2, 1, '2018-12-01', 'gone'),
    (4, 3, 1, '2999-12-01', 'stays');
