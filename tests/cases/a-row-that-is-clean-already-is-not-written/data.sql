INSERT INTO users VALUES (1, '[deleted]', NULL, '{"a": 1}'), (2, 'stays', 'stays', '{}');
