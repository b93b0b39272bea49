INSERT INTO users VALUES (1, 'gone', 'gone', 'gone', 'a0000000-0000-4000-8000-000000000001', 'gone', 'gone', 'gone', 11);
INSERT INTO users VALUES (2, 'stays', NULL, 'stays', 'b0000000-0000-4000-8000-000000000001', 'stays', 'stays', 'stays', 12);
