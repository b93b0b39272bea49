INSERT INTO users VALUES (1, 'Ann gone'), (2, 'stays');
INSERT INTO shifts VALUES (7, 'gone@example.org', 1), (7, 'stays@example.org', 2);
INSERT INTO booking VALUES (10, 1, 7, 'gone@example.org'), (11, 2, 7, 'stays@example.org'), (12, 2, 7, 'gone@example.org');
INSERT INTO audits VALUES (20, 1, 'Shift', 7, 'gone@example.org'), (21, 2, 'Shift', 7, 'stays@example.org');
