INSERT INTO members VALUES (1, 7, 'Anna'), (1, 8, 'Bob'), (2, 7, 'Cleo');
