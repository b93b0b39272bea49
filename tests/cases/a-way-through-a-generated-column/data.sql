INSERT INTO users (id, first, last) VALUES (1, 'Ann', 'gone'), (2, 'Bob', 'stays');
INSERT INTO zlog VALUES (1, 'Ann gone', 'gone'), (2, 'Bob stays', 'stays');
