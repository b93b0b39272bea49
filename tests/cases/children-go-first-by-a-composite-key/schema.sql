CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE orders (
    id integer PRIMARY KEY,
    club_id integer NOT NULL,
    number integer NOT NULL,
    client_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    note text,
    UNIQUE (club_id, number)
);
CREATE TABLE lines (
    article text,
    order_number integer,
    order_club integer,
    note text,
    FOREIGN KEY (order_number, order_club) REFERENCES orders (number, club_id)
);
CREATE INDEX ON orders (client_id);
CREATE INDEX ON lines (order_club, order_number);
