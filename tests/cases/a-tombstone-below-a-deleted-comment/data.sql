INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO comments (user_id, parent_id, body) VALUES (1, NULL, 'gone'), (2, NULL, 'stays'), (1, 2, 'gone'), (NULL, 3, 'gone');
INSERT INTO likes VALUES (1, 1, 1), (2, 2, 2);
