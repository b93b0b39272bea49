CREATE TABLE users (id uuid PRIMARY KEY, number integer NOT NULL UNIQUE, name text NOT NULL);
CREATE TABLE links (a integer NOT NULL REFERENCES users (number), b integer NOT NULL REFERENCES users (number), note text);
CREATE INDEX ON links (a);
CREATE INDEX ON links (b);
