INSERT INTO users (first_name, last_name) VALUES ('gone', 'gone'), ('stays', 'stays');
