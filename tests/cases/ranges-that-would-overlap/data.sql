INSERT INTO stays VALUES (1, '2020-01-01', '2020-01-05', true, 1), (2, '2021-01-01', '2021-01-05', false, 2);
