INSERT INTO users VALUES
    (1, '{"contact": [{"email": "ann@example.org"}]}', '{"tags": {"a": "\u0000"}}'),
    (2, '{"contact": {"email": "bob@example.org"}}', '{"tags": []}');
