CREATE TABLE users (
    id integer PRIMARY KEY,
    club_id integer NOT NULL,
    email text,
    card integer,
    name text,
    state text NOT NULL,
    UNIQUE (id, club_id),
    UNIQUE (card, name)
);
CREATE UNIQUE INDEX one_address ON users (email) WHERE state = 'live';
