create table users (club_id int, number int, email text unique not null, name text not null, card text unique not null, primary key (club_id, number));
create table efface_own (id bigint primary key, about_type text, about_card text, said text);
create table efface_way_1 (id bigint primary key, sender text, said text);
create table efface_pass (id bigint primary key, n int, c int, said text, foreign key (n, c) references users (number, club_id));
create table efface_old (id bigint primary key, card text references users (card), said text);
create table efface_patterns (id bigint primary key, member int, said text);
create index on efface_pass (n, c);
create index on efface_old (card);
