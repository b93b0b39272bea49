INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO audits (user_id, kind, old) VALUES (1, 'change', 'gone'), (1, 'login', 'gone'), (2, 'change', 'stays');
