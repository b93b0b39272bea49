INSERT INTO users VALUES (1, 'Ann@example.org'), (2, 'stays@example.org');
INSERT INTO words VALUES (1, 'ann@example.org', 'gone'), (2, 'stays@example.org', 'stays');
