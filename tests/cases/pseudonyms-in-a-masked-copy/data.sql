INSERT INTO users VALUES
    (1, 1, 'gone@example.org', 'gone', '00000000-0000-4000-8000-000000000001'),
    (2, 2, 'gone@example.org', 'gone 2', '00000000-0000-4000-8000-000000000001'),
    (3, 2, 'gone.2@example.org', 'gone 3', '00000000-0000-4000-8000-000000000002');
INSERT INTO posts VALUES (1, 'gone'), (2, 'gone'), (3, 'gone 2');
INSERT INTO mails VALUES (1, 'gone@example.org', NULL), (2, NULL, NULL), (3, NULL, 'stays');
