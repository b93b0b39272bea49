INSERT INTO users VALUES
    (1, '{"theme": "dark", "address": {"city": "Bern", "street": "gone 1"}, "orders": [{"id": 1, "to": "gone"}, "gone", {"id": 2}],
          "prefs": {"mail": true, "phone": "gone", "deep": {"x": [1]}}, "nick": "gone", "list": ["gone"], "empty": {}}',
     '[{"at": 1, "who": "gone"}, {"who": "gone"}, "gone", ["gone"], null]'),
    (2, '["gone"]', '{"at": "gone"}'),
    (3, '"gone"', '"gone"'),
    (4, '{"address": "gone street 1", "orders": {"id": "gone"}, "prefs": "kept whatever it is", "empty": ["gone"]}', '[]'),
    (5, '{}', '[{}]'),
    (6, 'null', 'null'),
    (9, '{"nick": "stays"}', '[{"who": "stays"}]');
