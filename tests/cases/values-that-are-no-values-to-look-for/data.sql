insert into users values (1, array[null, '', '   ', '-', '----', 'DELETED', '[deleted]', 'ted] [del'], 'al@example.org');
insert into notes values (1, 1, '---- Deleted [deleted], ted] [del, deletedly, al@example.org');
