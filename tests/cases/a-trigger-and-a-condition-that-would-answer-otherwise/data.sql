INSERT INTO users VALUES (1, 'Anna gone'), (2, 'Bob stays');
INSERT INTO notes VALUES (1, 1);
INSERT INTO events (uref, body) VALUES (1, 'Anna gone'), (2, 'Bob stays');
