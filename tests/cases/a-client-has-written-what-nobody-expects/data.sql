INSERT INTO users VALUES (1, 'Ann stays'), (2, 'Bob stays');
INSERT INTO prices VALUES (1, 2, 2, 'cheap stays'), (2, NULL, 2, 'dear stays');
INSERT INTO prices VALUES (3, 1, 2, 'a bargain stays'), (4, 1, 1, 'a mistake stays'), (5, 1, NULL, 'a gift stays');
INSERT INTO notes VALUES (1, 1, 2, 'sore stays'), (2, 2, 2, 'tall stays');
INSERT INTO pins VALUES (1, 1, 2), (2, 2, 2);
