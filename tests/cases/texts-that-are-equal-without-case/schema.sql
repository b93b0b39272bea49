CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE users (
    id integer PRIMARY KEY,
    login text COLLATE loose UNIQUE,
    name text COLLATE loose,
    nick text COLLATE loose,
    phone text COLLATE loose,
    state text COLLATE loose
);
CREATE UNIQUE INDEX one_of_a_state ON users (name) WHERE state = 'Live';
