insert into users values (1, 'Anna Berg', 'Anna Berg likes Bob Carter'), (2, 'Bob Carter', null), (3, 'Cleo Dean', 'CLEO DEAN');
insert into clubs values (7, 'Springfield', 'we love Springfield');
insert into bookings values
  (1, 1, 2, 7, 'Anna Berg with Bob Carter in Springfield', 'Anna Berg with Bob Carter and Cleo Dean'),
  (2, 3, null, null, 'Cleo Dean, not Anna Berg, in Springfield', null),
  (3, null, null, null, 'stays: Anna Berg', 'stays: Anna Berg');
insert into visits values (1, 1, 'Anna Berg, Bob Carter, Springfield'), (2, 2, 'Cleo Dean and Anna Berg');
