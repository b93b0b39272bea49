INSERT INTO clients VALUES (42, 'Ann Berg', NULL, '+49 30 1234567'), (43, 'Ben Berg', 42, '0049 (30) 123-4567'), (44, 'Bo', NULL, NULL);
INSERT INTO appointments VALUES
    (1, 42, 'First lesson of ANN  BERG, paid', 'came late'),
    (2, 42, 'Second lesson', NULL),
    (3, 43, 'With his sister', NULL);
