INSERT INTO users VALUES (1, '{"name": "gone"}', NULL), (2, '{"name": "stays"}', NULL);
INSERT INTO notes VALUES (1, 1, '{gone,x}', NULL), (2, 2, '{stays,x}', NULL);
