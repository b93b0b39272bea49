INSERT INTO users VALUES (1, 'Anna', 'anna@example.org'), (2, 'Bob', 'bob@example.org');
