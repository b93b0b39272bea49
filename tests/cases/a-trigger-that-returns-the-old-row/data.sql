INSERT INTO users VALUES (1, 'Anna', '1'), (2, 'Bob', '2');
