INSERT INTO users VALUES (1, 'ann@example.org');
INSERT INTO mail_log VALUES ('Ann@example.org', 'sent');
