CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE comments (
    id integer PRIMARY KEY,
    author_id integer NOT NULL REFERENCES users,
    parent_id integer REFERENCES comments ON DELETE CASCADE,
    body text
);
CREATE TABLE likes (id integer PRIMARY KEY, comment_id integer NOT NULL REFERENCES comments, note text);
CREATE INDEX ON comments (author_id);
CREATE INDEX ON comments (parent_id);
CREATE INDEX ON likes (comment_id);
