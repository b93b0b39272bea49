INSERT INTO people VALUES ('a', NULL), ('gone-b', 'a'), ('gone-c', 'gone-b'), ('A', NULL), ('stays', 'A');
INSERT INTO boxes VALUES ('g', 1.5, 'gone-c', NULL), ('s', 1.5, 'stays', NULL), ('g2', 2, NULL, NULL);
INSERT INTO lids VALUES ('gone', 'g', 1.50), ('stays', 's', 1.5), ('gone2', 'g2', 2);
UPDATE boxes SET lid = 'gone' WHERE kind = 'g2';
UPDATE boxes SET lid = 'stays' WHERE kind = 's';
