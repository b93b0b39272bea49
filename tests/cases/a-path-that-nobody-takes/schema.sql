CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE bookings (id int PRIMARY KEY, client_id int REFERENCES users, trainer_id int REFERENCES users, note text);
CREATE TABLE visits (id int PRIMARY KEY, booking_id int REFERENCES bookings, note text);
CREATE INDEX ON bookings (client_id);
CREATE INDEX ON bookings (trainer_id);
CREATE INDEX ON visits (booking_id);
