INSERT INTO clubs VALUES (1, 'north');
