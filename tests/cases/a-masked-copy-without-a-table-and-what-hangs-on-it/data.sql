INSERT INTO sessions VALUES (1, 'gone'), (2, 'gone');
INSERT INTO devices VALUES (1, 1, 'gone'), (2, 2, 'gone');
INSERT INTO accounts VALUES (1, 1, 'gold'), (2, NULL, 'stays: silver');
INSERT INTO messages VALUES (1, NULL, 'gone'), (2, 1, 'gone'), (3, 2, 'gone');
