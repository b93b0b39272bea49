INSERT INTO users VALUES (1, 'a', '2019-01-01'), (2, 'b', '2019-01-01'), (3, 'stays', '2999-01-01');
