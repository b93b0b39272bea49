CREATE TABLE clubs (id integer PRIMARY KEY);
CREATE TABLE users (
    id integer PRIMARY KEY,
    name text,
    club_id integer CONSTRAINT home_club REFERENCES clubs DEFERRABLE INITIALLY DEFERRED
);
