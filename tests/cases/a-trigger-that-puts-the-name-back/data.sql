insert into users values (1, 'Anna Berg'), (2, 'Bob Carter');
insert into bookings values (10, 1, 'Anna Berg with Dr. Ito'), (20, 2, 'stays: Anna Berg');
insert into notes values
  (1, 10, null, 'Anna Berg was late'),
  (2, 10, 2, 'Bob Carter about Anna Berg'),
  (3, 20, 1, 'Anna Berg about Bob Carter'),
  (4, 20, 2, 'stays: Anna Berg');
