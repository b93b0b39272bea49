INSERT INTO users VALUES (1, '{"email": "ann@example.org"}'), (2, '{"email": "bob@example.org"}');
