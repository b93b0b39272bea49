INSERT INTO users VALUES
    (1, 'Anna Berg, gone', 'gone@example.org', 'gone 030 1234'),
    (2, 'Anna Berg, stays', 'anna@example.org', '030 1234');
