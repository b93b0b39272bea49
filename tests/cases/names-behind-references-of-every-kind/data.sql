insert into users values (1, 7, 'Ann@Example.org', 'Anna Berg', 'C17'), (7, 1, 'bob@example.org', 'Bob Carter', 'C71');
insert into efface_own values (1, 'User', 'C17', 'Anna Berg'), (2, 'Club', 'C17', 'stays: Anna Berg');
insert into efface_way_1 values (1, 'ANN@example.org', 'by Anna Berg'), (2, 'bob@example.org', 'stays: by Anna Berg'), (3, '', 'stays: by Anna Berg');
insert into efface_pass values (1, 7, 1, 'for Anna Berg'), (2, 1, 7, 'stays: for Anna Berg');
insert into efface_old values (1, 'C17', 'of Anna Berg'), (2, 'C71', 'stays: of Anna Berg');
insert into efface_patterns values (1, 17, 'on Anna Berg'), (2, 71, 'stays: on Anna Berg');
