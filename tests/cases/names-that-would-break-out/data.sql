INSERT INTO "select" VALUES (1, 'gone', 'gone', 'gone'), (2, 'stays', 'stays', 'stays');
INSERT INTO "x
; DROP TABLE y; --" VALUES (1, 1, 'gone'), (2, 2, 'stays');
INSERT INTO y VALUES (1, 'gone', 'a', 1), (1, 'gone', 'b', 2), (2, 'stays', 'a', 3);
INSERT INTO "a""b.c" VALUES ('gone', 1), ('stays', 2);
