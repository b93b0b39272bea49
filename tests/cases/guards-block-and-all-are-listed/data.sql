INSERT INTO users VALUES (1, 'Anna', NULL), (2, 'Bob', NULL);
INSERT INTO payments VALUES (1, 1, 'due'), (2, 1, 'failed'), (3, 1, 'paid'), (4, 2, 'due');
INSERT INTO credits VALUES (3, 0), (4, 10);
