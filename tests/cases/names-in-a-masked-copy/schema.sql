create table users (id bigint primary key, name text not null, about text);
create table clubs (id bigint primary key, city text not null, motto text);
create table bookings (id bigint primary key, client_id bigint references users, trainer_id bigint references users, club_id bigint references clubs, title text, memo text);
create table visits (id bigint primary key, booking_id bigint not null references bookings, note text);
create index on bookings (client_id);
create index on bookings (trainer_id);
create index on bookings (club_id);
create index on visits (booking_id);
