INSERT INTO users VALUES (1, 'Anna'), (2, 'Bob');
INSERT INTO visits VALUES (1, 1, '2024-01-01', '{}'), (2, 2, '2024-01-01', '{}');
