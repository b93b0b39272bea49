insert into users values
  (1, array[null, '', '   ', '-', '----', 'DELETED', '[deleted]', 'ted] [del'], 'al@example.org'),
  (2, '{}', null);
insert into notes values
  (1, 1, '---- Deleted [deleted], ted] [del, deletedly, al@example.org'),
  (2, 1, 'stays: ---- DELETED'),
  (3, 2, 'stays: ----, ted] [del, al@example.org');
