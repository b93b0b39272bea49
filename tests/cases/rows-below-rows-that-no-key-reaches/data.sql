INSERT INTO addresses VALUES (7, 'Main Street 1');
INSERT INTO users VALUES (1, 'ann@example.org', 7);
INSERT INTO tickets VALUES (3, 1, 'Ann''s knee');
INSERT INTO ticket_messages VALUES (4, 3, 'Ann was here');
