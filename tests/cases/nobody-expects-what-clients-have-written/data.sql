INSERT INTO users VALUES (1, 'Ann gone'), (2, 'Bob stays');
INSERT INTO prices VALUES (1, 2, 2, 'cheap stays'), (2, NULL, 2, 'dear stays');
INSERT INTO notes VALUES (1, 1, 2, 'sore gone'), (2, 2, 2, 'tall stays');
INSERT INTO pins VALUES (1, 1, 2), (2, 2, 2);
