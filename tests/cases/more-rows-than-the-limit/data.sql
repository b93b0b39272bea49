INSERT INTO users VALUES (1, 'Anna'), (2, 'Bob');
INSERT INTO audits VALUES (1, 1, 'login'), (2, 1, 'change'), (3, 1, NULL), (4, 2, 'login');
