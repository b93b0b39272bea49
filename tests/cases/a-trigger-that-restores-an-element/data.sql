INSERT INTO users VALUES (1, '{admin}', '{1950-01-01,1960-01-01}'), (2, '{stays}', NULL);
