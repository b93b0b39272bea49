CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE shifts (nr int, email text, user_id int REFERENCES users, PRIMARY KEY (nr, email), UNIQUE (user_id, nr));
CREATE TABLE booking (id int PRIMARY KEY, user_id int REFERENCES users, shift_nr int, shift_email text,
  FOREIGN KEY (shift_nr, shift_email) REFERENCES shifts);
CREATE TABLE audits (id int PRIMARY KEY, user_id int REFERENCES users, kind text, shift_nr int, shift_email text);
ALTER TABLE shifts ALTER user_id SET NOT NULL;
CREATE INDEX ON booking (user_id);
CREATE INDEX ON booking (shift_nr, shift_email);
CREATE INDEX ON audits (user_id);
CREATE INDEX ON audits (shift_nr, shift_email);
