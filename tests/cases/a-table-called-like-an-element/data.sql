INSERT INTO efface_element VALUES
    (1, '{gone,NULL}', ROW('gone', NULL, '{gone}'), ARRAY[ROW('gone', 1, NULL), NULL]::"A ""Pair"""[], 'gone'),
    (2, '{}', ROW(NULL, NULL, NULL), NULL, NULL),
    (3, '{stays}', NULL, NULL, 'there');
INSERT INTO others VALUES (1, 'gone'), (2, NULL), (3, 'there');
