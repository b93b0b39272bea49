INSERT INTO users VALUES (42, 'ann');
