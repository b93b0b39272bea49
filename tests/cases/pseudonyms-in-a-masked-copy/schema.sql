CREATE TABLE users (
    id integer PRIMARY KEY,
    club_id integer NOT NULL,
    email text NOT NULL,
    handle text NOT NULL UNIQUE,
    badge uuid NOT NULL,
    UNIQUE (club_id, badge)
);
CREATE UNIQUE INDEX users_email ON users (club_id, lower(email));
CREATE UNIQUE INDEX users_handle ON users (upper(handle)) WHERE club_id > 1;
CREATE TABLE posts (id integer PRIMARY KEY, handle text NOT NULL REFERENCES users (handle));
CREATE INDEX ON posts (handle);
CREATE TABLE mails (id integer PRIMARY KEY, email text, note text);
