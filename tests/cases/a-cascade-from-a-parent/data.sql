INSERT INTO addresses VALUES (10, 'Home Street gone'), (20, 'Second Street stays');
INSERT INTO users VALUES (1, 'Ann gone', 10, 20), (2, 'Bob stays', 20, NULL);
INSERT INTO photos VALUES (1, 10, 'door gone'), (2, 20, 'roof stays');
INSERT INTO remarks VALUES (1, 1, 'blue gone'), (2, 2, 'red stays');
