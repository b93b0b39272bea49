INSERT INTO users VALUES (1, '', ''), (2, '  ', NULL), (3, 'Bob@example.org', 'b1'), (4, '', '');
INSERT INTO mail_log VALUES (1, '', 'stays'), (2, '  ', 'stays'), (3, 'bob@example.org', 'gone'), (4, NULL, 'stays');
INSERT INTO parcels VALUES (1, '', 'stays'), (2, 'b1', 'gone'), (3, NULL, 'stays');
