INSERT INTO newsletter VALUES (1, 'anna@example.org', 'gone'), (2, 'ANNA@example.org', 'gone'), (3, 'joanna@example.org', 'stays');
