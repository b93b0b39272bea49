INSERT INTO contracts VALUES (10, true, 'Ann stays'), (20, true, 'Bob stays');
INSERT INTO users VALUES (1, 'Ann stays', 10), (2, 'Bob stays', 20);
