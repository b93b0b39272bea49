INSERT INTO users VALUES (1, 'Anna gone'), (2, 'Bob stays');
INSERT INTO audits (user_id, kind, old) VALUES (1, 'login', 'Anna gone'), (2, 'login', 'Bob stays');
