insert into users values (1, 'Anna Berg'), (2, 'Bob Carter');
insert into notes values (1, 1, 'Anna Berg was late'), (2, 2, 'stays: Anna Berg was late');
insert into log values (101, 1, 'Anna Berg was early'), (102, 2, 'stays: Anna Berg');
