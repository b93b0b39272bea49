create table users (id bigint primary key, phone bigint);
create table accounts (id bigint primary key, user_id bigint not null references users);
create table profiles (id bigint primary key, account_id bigint not null references accounts, nickname varchar(20), handle uuid);
create table notes (id bigint primary key, user_id bigint not null references users, body varchar(16), data jsonb);
create index on accounts (user_id);
create index on profiles (account_id);
create index on notes (user_id);
