create table users (email text primary key, name text not null);
create table accounts (
    id integer primary key,
    owner text not null references users,
    latest_id integer
);
create table orders (
    id integer primary key,
    account_id integer not null references accounts on delete restrict,
    note text
);
alter table accounts add foreign key (latest_id) references orders on delete cascade;
create table audits (
    id integer generated always as identity primary key,
    who text not null references users,
    old text
);
create index on accounts (owner);
create index on accounts (latest_id);
create index on orders (account_id);
create index on audits (who);
create function note() returns trigger language plpgsql as $$
begin
    insert into public.audits (who, old) values (old.email, old.name);
    return null;
end $$;
create trigger noted after update on users for each row execute function note();
