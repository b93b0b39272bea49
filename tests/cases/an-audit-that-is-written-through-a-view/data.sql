INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO audits (user_id, old) VALUES (1, 'gone'), (2, 'stays');
INSERT INTO letters (user_id, body) VALUES (1, 'gone'), (2, 'stays');
