insert into orders values (1, 'ann@example.org', 'Anna Berg'), (2, 'ann@example.org', 'A. Berg'), (3, 'bob@example.org', 'Bob'), (4, 'carla@example.org', 'Carla');
insert into letters values
  (1, 'ann@example.org', 'Dear Anna Berg (ann@example.org), A. Berg!'),
  (2, 'bob@example.org', 'Dear Bob, ask Anna Berg or Carla'),
  (3, 'carla@example.org', 'stays: Dear Carla, ask Anna Berg and Bob');
