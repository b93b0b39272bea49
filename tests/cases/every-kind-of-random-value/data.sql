INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO profiles
SELECT n, CASE WHEN n < 4 THEN 1 ELSE 2 END, CASE WHEN n < 4 THEN lpad('gone', 31, 'x') || n ELSE 'stays' END, 'old',
    'old ' || n, 'old', 'old', 'old', 'old', 'old', 'old', 'old', 'old' || n,
    ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'old' || n, 1, 1, 1, 1, 1, 0.6, '1980-01-01', '1996-03-01',
    '1980-01-01', '1980-01-01', true, 'fine', 'old', 0, '192.0.2.1', 'old', 1
FROM generate_series(1, 4) AS n;
