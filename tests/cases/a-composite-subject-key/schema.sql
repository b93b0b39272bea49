CREATE TABLE members (
    club_id integer,
    number bigint,
    name text,
    PRIMARY KEY (club_id, number)
);
CREATE TABLE bookings (
    id integer PRIMARY KEY,
    member_number bigint NOT NULL,
    club integer NOT NULL,
    note text,
    FOREIGN KEY (member_number, club) REFERENCES members (number, club_id)
);
CREATE TABLE visits (booking_id integer REFERENCES bookings, note text);
CREATE INDEX ON bookings (club, member_number);
CREATE INDEX ON visits (booking_id);
