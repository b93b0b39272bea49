create table users (id bigint primary key, name text not null);
create table messages (
  id bigint primary key,
  sender_id bigint not null references users,
  recipient_id bigint references users,
  body text not null
);
create index on messages (sender_id);
create index on messages (recipient_id);
