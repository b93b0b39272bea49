INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO club.users VALUES (1, 2, 'stays'), (5, 1, 'gone');
INSERT INTO notes VALUES (1, 1, 'gone'), (2, 2, 'stays');
INSERT INTO club.notes VALUES (1, 1, 'stays'), (2, 5, 'gone');
