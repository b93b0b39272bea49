insert into users values ('ann@example.org', 'Ann gone'), ('tom@example.org', 'Tom stays');
insert into accounts values (1, 'ann@example.org', null), (2, 'tom@example.org', null);
insert into orders values (1, 1, 'gone'), (2, 1, 'gone'), (3, 2, 'stays');
update accounts set latest_id = 2 where id = 1;
update accounts set latest_id = 3 where id = 2;
insert into audits (who, old) values ('ann@example.org', 'older, gone'), ('tom@example.org', 'stays');
