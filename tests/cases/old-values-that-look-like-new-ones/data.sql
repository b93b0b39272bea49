INSERT INTO users VALUES (1, '5551234', 'Ada', 'gold', '0123456789abcdef0123456789abcdef', 'x');
