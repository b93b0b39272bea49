INSERT INTO users VALUES (1, 'Anna gone'), (2, 'Bob stays');
INSERT INTO audits VALUES (1, 'Anna gone'), (2, 'Bob stays');
