CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE comments (id integer PRIMARY KEY, author_id integer NOT NULL REFERENCES users, body text);
CREATE TABLE likes (id integer PRIMARY KEY, comment_id integer REFERENCES comments ON DELETE CASCADE, note text);
CREATE TABLE replies (id integer PRIMARY KEY, comment_id integer REFERENCES comments ON DELETE RESTRICT, body text);
CREATE TABLE reports (
    id integer PRIMARY KEY,
    like_id integer REFERENCES likes ON DELETE SET NULL,
    reply_id integer REFERENCES replies,
    note text
);
CREATE INDEX ON comments (author_id);
CREATE INDEX ON likes (comment_id);
CREATE INDEX ON replies (comment_id);
CREATE INDEX ON reports (like_id);
CREATE INDEX ON reports (reply_id);
