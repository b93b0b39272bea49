CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE messages (
    id integer PRIMARY KEY,
    sender_id integer NOT NULL REFERENCES users,
    recipient_id integer NOT NULL REFERENCES users,
    salutation text,
    body text
);
CREATE INDEX ON messages (sender_id);
CREATE INDEX ON messages (recipient_id);
