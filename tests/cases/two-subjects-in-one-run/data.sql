INSERT INTO users SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, n, CASE WHEN n = 2 THEN 'stays' ELSE 'gone' END
FROM generate_series(1, 3) AS n;
INSERT INTO links VALUES (1, 3, 'gone'), (2, 1, 'gone'), (3, 2, 'gone'), (2, 2, 'stays');
