CREATE TABLE members (
  id bigint PRIMARY KEY,
  club_id integer NOT NULL,
  number text NOT NULL,
  recruiter text,
  UNIQUE (number, club_id),
  FOREIGN KEY (club_id, recruiter) REFERENCES members (club_id, number)
);
CREATE TABLE cards (
  club_id integer,
  member text,
  year integer,
  PRIMARY KEY (club_id, member, year),
  FOREIGN KEY (member, club_id) REFERENCES members (number, club_id) ON UPDATE RESTRICT
);
CREATE TABLE stamps (
  id bigint PRIMARY KEY,
  year integer,
  member text,
  club_id integer,
  given text,
  FOREIGN KEY (year, club_id, member) REFERENCES cards (year, club_id, member)
);
CREATE INDEX ON members (club_id, recruiter);
CREATE INDEX ON stamps (club_id, member, year);
