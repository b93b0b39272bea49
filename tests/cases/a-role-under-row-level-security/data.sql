INSERT INTO users VALUES (1, 1, 'Anna'), (2, 2, 'Bob');
