INSERT INTO users VALUES (1, 'gone', 'gone'), (2, 'stays', '1');
INSERT INTO audits (user_id, old) VALUES (1, '{"name": "gone"}'), (2, '{"name": "stays"}');
