INSERT INTO users VALUES
    (1, 'gone', 1, 'gone'), (2, 'Bob', 1, 'gone brought me'), (3, 'stays', 2, 'stays'), (4, 'stays', NULL, NULL);
