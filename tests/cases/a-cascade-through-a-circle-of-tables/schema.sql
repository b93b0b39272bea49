CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE threads (
    club integer,
    number integer,
    owner_id integer NOT NULL REFERENCES users,
    first_post uuid,
    slug text NOT NULL UNIQUE,
    PRIMARY KEY (club, number)
);
CREATE TABLE posts (
    id uuid PRIMARY KEY,
    thread_number integer NOT NULL,
    club integer NOT NULL,
    body text,
    FOREIGN KEY (thread_number, club) REFERENCES threads (number, club) ON DELETE RESTRICT
);
ALTER TABLE threads ADD FOREIGN KEY (first_post) REFERENCES posts ON DELETE RESTRICT;
CREATE TABLE pins (id integer PRIMARY KEY, thread_slug text REFERENCES threads (slug) ON DELETE SET NULL, note text);
CREATE TABLE boards (id integer PRIMARY KEY, pin_id integer REFERENCES pins, note text);
ALTER TABLE threads ADD COLUMN board_id integer REFERENCES boards;
CREATE INDEX ON threads (owner_id);
CREATE INDEX ON threads (first_post);
CREATE INDEX ON threads (board_id);
CREATE INDEX ON posts (thread_number, club);
CREATE INDEX ON pins (thread_slug);
CREATE INDEX ON boards (pin_id);
