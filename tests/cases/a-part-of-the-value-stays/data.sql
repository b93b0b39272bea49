INSERT INTO users VALUES (1, 'Ann'), (2, 'stays');
INSERT INTO details VALUES
    (1, 1, 'Ann Müller', 'DE89370400440532013000', 'abcdef', 'ab', 'Ann', 'ann', '4111', '{Ann,NULL,"",Bö}',
     '1984-12-31', '{1984-12-31,NULL,infinity}', '1984-12-31 23:59:59', '2024-02-29 23:59:59+00', '2024-03-03 12:00',
     '2024-02-29 23:59:59.5+00', '2024-02-29 23:59:59', '23:59:59', -32768, 12345, -9223372036854775808, -99.99, 12.3456,
     -1234.5, 1e300, '{-17,NULL,17}', 1),
    -- At the ends of what may stay, empty, infinite.
    (2, 1, '', 'abcd', 'ab', '', '', '', '1', '{}', 'infinity', '{}', '-infinity', 'infinity', NULL, NULL, NULL, '00:00',
     0, 0, 0, 0, 'NaN', 'Infinity', 'NaN', '{}', 1),
    (3, 1, '*', 'abcde', 'abc', 'abcdefgh', 'x', 'x', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 32767, NULL,
     NULL, 99.99, 19.9999999999999999999999999999, NULL, NULL, NULL, 1),
    -- Nothing is left to do.
    (4, 1, '***', 'ab**ef', 'a****', '****ab', '*', '*', '****', '{**}', '1984-01-01', '{1980-01-01}', '1901-01-01', NULL, NULL,
     NULL, NULL, NULL, 10, 2000, 20, 5, 2, 100, 0.5, '{5}', 7),
    (5, 2, 'stays', 'Ann', 'Ann', 'Ann', 'Ann', 'Ann', '4111', '{Ann}', '1984-12-31', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     1, 12345, 1, 1, 1, 1, 1, '{1}', 1);
