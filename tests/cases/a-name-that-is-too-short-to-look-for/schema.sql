create table users (id bigint primary key, name text, email text);
create table notes (id bigint primary key, user_id bigint not null references users, body text);
create index on notes (user_id);
