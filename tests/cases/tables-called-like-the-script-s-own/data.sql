INSERT INTO efface_gate VALUES (1, 'Ann, gone'), (2, 'Bob stays');
INSERT INTO efface_reached VALUES (1, 1, NULL, 'gone'), (2, NULL, 1, 'gone'), (3, 2, NULL, 'stays'), (4, NULL, 3, 'stays');
INSERT INTO "new" VALUES (1, 2, 'gone'), (2, 4, 'stays');
INSERT INTO "old" VALUES (1, 1, 'gone'), (2, 2, 'stays');
INSERT INTO efface_values VALUES (1, 1, '+49 30 1, gone', 'gone'), (2, 2, '+49 30 2', 'stays');
