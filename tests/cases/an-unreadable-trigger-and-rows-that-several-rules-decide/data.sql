INSERT INTO users VALUES (1, 'Anna'), (2, 'Bob');
INSERT INTO audits (user_id, kind, old) VALUES (1, 'login', 'Anna B'), (2, 'login', 'Bob');
