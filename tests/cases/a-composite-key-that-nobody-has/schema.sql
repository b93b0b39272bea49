CREATE TABLE members (club_id integer, number bigint, name text, PRIMARY KEY (club_id, number));
