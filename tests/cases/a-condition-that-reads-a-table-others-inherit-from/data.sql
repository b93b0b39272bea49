INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO a_special_logs VALUES (5, 1, 'gone'), (6, 2, 'stays');
