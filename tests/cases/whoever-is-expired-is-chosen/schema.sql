CREATE TABLE users (
    club integer, number integer, role text NOT NULL, name text NOT NULL, last_seen_at timestamptz, PRIMARY KEY (club, number)
);
CREATE TABLE bookings (
    id bigint PRIMARY KEY, club integer NOT NULL, number integer NOT NULL, starts_at timestamptz NOT NULL, note text,
    FOREIGN KEY (club, number) REFERENCES users
);
CREATE INDEX ON bookings (club, number);
