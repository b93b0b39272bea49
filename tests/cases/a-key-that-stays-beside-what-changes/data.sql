INSERT INTO users VALUES
    (1, 7, 'gone', 5, 'gone', 'live'),
    (2, 0, '[deleted]', 6, '[deleted]', 'stays'),
    (3, 0, '[deleted]', NULL, '[deleted]', 'left');
