INSERT INTO users VALUES (1, 'Anna'), (2, 'Bob');
INSERT INTO audits VALUES (1, 'Anna B'), (2, 'Bob');
