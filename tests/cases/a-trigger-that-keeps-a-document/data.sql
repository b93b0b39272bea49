INSERT INTO users VALUES (1, '{"phone": "123", "theme": "dark"}'), (2, '{"phone": "456"}');
