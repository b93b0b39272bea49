CREATE TABLE users (
    id integer PRIMARY KEY,
    name text,
    referred_by_id integer REFERENCES users,
    referral_note text
);
CREATE INDEX ON users (referred_by_id);
