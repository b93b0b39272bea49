INSERT INTO users VALUES (1, 'Anna'), (2, 'Bob');
