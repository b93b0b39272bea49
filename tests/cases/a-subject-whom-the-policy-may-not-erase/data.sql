INSERT INTO users VALUES (1, 'client', 'Anna'), (2, 'trainer', 'Bob'), (3, NULL, 'Cleo');
