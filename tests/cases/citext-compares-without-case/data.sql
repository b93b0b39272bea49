INSERT INTO users VALUES ('jane@example.org', 'gone', 'gone'), ('jan@example.org', 'stays', 'stays');
INSERT INTO notes VALUES
    (1, 'JANE@example.org', 'gone', 'Private'), (2, 'jane@example.org', 'gone', 'PRIVATE'),
    (3, 'jane@example.org', 'stays', 'public'), (4, 'jan@example.org', 'stays', 'private');
