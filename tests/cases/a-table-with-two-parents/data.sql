INSERT INTO users VALUES (7, 'gone'), (8, 'stays');
INSERT INTO notes VALUES (1, 7, 'gone'), (2, 8, 'stays');
INSERT INTO archived VALUES (1, 7, 'tidied up'), (2, 8, 'stays');
INSERT INTO archived_notes VALUES (1, 7, 'the body', 8, 'old'), (2, 8, 'stays', 8, 'old'), (3, 8, 'a body', 7, 'tidied up');
