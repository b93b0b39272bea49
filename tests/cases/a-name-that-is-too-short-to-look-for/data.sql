insert into users values (1, '  Al ', 'al@example.org'), (2, 'Bo', null);
insert into notes values (1, 1, 'stays: Al'), (2, 2, 'stays: Bo');
