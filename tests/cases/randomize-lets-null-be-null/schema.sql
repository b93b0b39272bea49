CREATE TABLE users (
    id integer PRIMARY KEY,
    email text NOT NULL,
    phone text,
    mobile text,
    born date,
    club integer NOT NULL,
    place integer NOT NULL,
    card text,
    handle text UNIQUE,
    tags text[],
    CONSTRAINT one_way_to_call CHECK (num_nonnulls(phone, mobile) = 1),
    CONSTRAINT children_have_no_mobile CHECK (mobile IS NULL OR born IS NOT NULL)
);
CREATE UNIQUE INDEX places_of_members ON users (club, place) WHERE card IS NOT NULL;
CREATE UNIQUE INDEX cards ON users (card) WHERE card IS NOT NULL;
CREATE TABLE mentions (id integer PRIMARY KEY, handle text REFERENCES users (handle));
CREATE INDEX ON mentions (handle);
