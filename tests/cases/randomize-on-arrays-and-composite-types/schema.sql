CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('fine', 'bad');
CREATE DOMAIN short AS varchar(8) CHECK (VALUE <> '');
CREATE DOMAIN code AS short CHECK (VALUE !~ '[A-Z]');
CREATE DOMAIN codes AS code[] CHECK (cardinality(VALUE) <= 3);
CREATE DOMAIN pin AS integer NOT NULL CHECK (VALUE >= 0);
CREATE TYPE "geo Point" AS (lat numeric(6,3), "Lon" double precision);
CREATE TYPE address AS (street varchar(10), town citext, zip code, geo "geo Point", tags text[], mood mood, gone integer);
ALTER TYPE address DROP ATTRIBUTE gone;
CREATE DOMAIN home AS address CHECK ((VALUE).street <> '');
CREATE TYPE visit AS (at timestamptz, span int4range, places address[]);
CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE trips (
    id integer PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    -- As long as it was, NULL where it was.
    shape text,
    a_texts text[],
    b_short varchar(5)[] NOT NULL,
    c_emails citext[] CHECK (array_to_string(c_emails, '') ~ '^(old|gone|([0-9a-f]{32}@deleted\.invalid)*)'),
    d_ints integer[] CHECK (0 <= ALL (d_ints)),
    e_moods mood[],
    f_codes code[],
    g_domain codes,
    h_pins pin[],
    i_lists codes[],
    j_choice varchar(5)[] CHECK (j_choice <@ '{old,tea,milk}'),
    k_bytes bytea[],
    l_uuids uuid[],
    m_days date[],
    n_ranges daterange[],
    o_moneys money[],
    p_jsons json[],
    q_inets inet[],
    r_address address,
    s_home home,
    t_addresses address[],
    u_visit visit,
    v_row users,
    w_points point[],
    x_bits bit(3)[],
    y_stamps timestamptz[],
    z_small smallint[] NOT NULL,
    CHECK (shape IS NULL OR shape = concat_ws('|',
        cardinality(a_texts), array_position(a_texts, NULL), cardinality(b_short), cardinality(d_ints), cardinality(g_domain),
        cardinality(i_lists), cardinality((r_address).tags), num_nulls((r_address).street, (r_address).town),
        cardinality(t_addresses), t_addresses[2] IS NOT DISTINCT FROM NULL, (t_addresses[1]).street IS NULL,
        cardinality((u_visit).places), cardinality(z_small)))
);
CREATE INDEX ON trips (user_id);
