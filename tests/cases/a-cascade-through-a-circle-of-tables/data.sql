INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO threads VALUES (1, 1, 1, NULL, 'gone-1'), (1, 2, 2, NULL, 'gone-2'), (2, 1, 2, NULL, 'stays-3'), (2, 2, 2, NULL, 'gone-4');
INSERT INTO posts VALUES
    ('00000000-0000-0000-0000-000000000001', 1, 1, 'gone'),
    ('00000000-0000-0000-0000-000000000002', 2, 1, 'gone'),
    ('00000000-0000-0000-0000-000000000003', 1, 2, 'stays'),
    ('00000000-0000-0000-0000-000000000004', 2, 2, 'gone');
UPDATE threads SET first_post = '00000000-0000-0000-0000-000000000001' WHERE slug IN ('gone-1', 'gone-2');
UPDATE threads SET first_post = '00000000-0000-0000-0000-000000000003' WHERE slug = 'stays-3';
INSERT INTO pins VALUES (1, 'gone-2', 'gone'), (2, 'stays-3', 'stays'), (3, NULL, 'stays');
INSERT INTO boards VALUES (1, 1, 'gone'), (2, 2, 'stays'), (3, NULL, 'stays');
UPDATE threads SET board_id = 1 WHERE slug = 'gone-4';
UPDATE threads SET board_id = 2 WHERE slug = 'stays-3';
