CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE prices (id int PRIMARY KEY, created_by_id int REFERENCES users, updated_by_id int REFERENCES users, note text);
CREATE TABLE notes (id int PRIMARY KEY, client_id int REFERENCES users, created_by_id int REFERENCES users, body text);
CREATE TABLE pins (id int PRIMARY KEY, note_id int REFERENCES notes, created_by_id int REFERENCES users);
CREATE INDEX ON notes (client_id);
CREATE INDEX ON pins (note_id);
