INSERT INTO users VALUES (1, 'gone'), (2, 'stays'), (3, 'stays');
INSERT INTO messages VALUES
    (1, 1, 2, 'Dear Bob', 'gone'), (2, 2, 1, 'Dear gone', 'hello'), (3, 1, 1, 'Dear gone', 'gone'),
    (4, 2, 3, 'Dear Cleo', 'stays');
