CREATE TABLE rooms (building text, number int, door text, PRIMARY KEY (building, number));
CREATE TABLE people (id int PRIMARY KEY, name text);
CREATE TABLE leases (id int PRIMARY KEY, person_id int NOT NULL REFERENCES people, house text, room int,
  FOREIGN KEY (room, house) REFERENCES rooms (number, building));
CREATE INDEX ON leases (person_id);
CREATE INDEX ON leases (house, room);
