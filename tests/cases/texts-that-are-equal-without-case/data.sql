INSERT INTO users VALUES
    (1, 'gone', 'gone', '[OUT]', '+1 gone', 'new'),
    (2, 'stays', 'stays', 'stays', 'stays', 'live');
