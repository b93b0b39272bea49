INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO subscriptions VALUES
    (1, 1, 'ended', 'stays'), (2, 1, 'active', 'gone'), (3, 1, NULL, 'gone'), (4, 2, 'active', 'stays');
