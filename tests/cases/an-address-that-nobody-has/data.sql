INSERT INTO newsletter VALUES (1, 'stays@example.org'), (2, ''), (3, NULL);
