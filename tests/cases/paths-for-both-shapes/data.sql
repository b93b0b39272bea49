INSERT INTO users VALUES
    (1, '{"contact": [{"email": "gone@example.org"}, "x"]}', '{"tags": {"a": "gone\u0000"}}'),
    (2, '{"contact": {"email": "gone@example.org"}}', '{"tags": []}'),
    (3, '{"contact": []}', '{"tags":{}}'),
    (4, '{"contact": "by phone"}', '{"tags":null}'),
    (5, '{"contact": {"email": "stays"}}', '{"tags":["stays"]}');
