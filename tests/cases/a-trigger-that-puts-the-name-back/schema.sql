create table users (id bigint primary key, name text not null);
create table bookings (id bigint primary key, client_id bigint references users, title text);
create table notes (id bigint primary key, booking_id bigint references bookings, author_id bigint references users, body text);
create index on bookings (client_id);
create index on notes (booking_id);
create index on notes (author_id);
create function restore() returns trigger language plpgsql as $$
begin
  new.body := old.body;
  return new;
end $$;
create trigger restored before update on notes for each row execute function restore();
