INSERT INTO clients VALUES (42, 'Ann Berg', NULL, '+49 30 1234567'), (43, 'Ben Berg', 42, '0049 (30) 123-4567'), (44, 'Bo', NULL, NULL);
INSERT INTO appointments VALUES
    (1, 42, 'First lesson', 'came late'),
    (2, 44, 'Second lesson, of Bo', NULL),
    (3, 43, 'With his sister &quot;Ann Berg&quot;', 'stays');
