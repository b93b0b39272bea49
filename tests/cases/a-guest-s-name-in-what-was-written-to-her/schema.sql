create table orders (id bigint primary key, email text not null, name text);
create table letters (id bigint primary key, recipient text not null, body text not null);
