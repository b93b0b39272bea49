CREATE TABLE users (id bigint PRIMARY KEY, name text);
CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users, body text);
CREATE TABLE archived (id bigint, archived_by bigint REFERENCES users, reason text);
CREATE TABLE archived_notes (
  PRIMARY KEY (id),
  FOREIGN KEY (user_id) REFERENCES users,
  FOREIGN KEY (archived_by) REFERENCES users
) INHERITS (notes, archived);
CREATE INDEX ON notes (user_id);
CREATE INDEX ON archived (archived_by);
CREATE INDEX ON archived_notes (user_id);
CREATE INDEX ON archived_notes (archived_by);
