insert into users values (1, 'Anna'), (2, 'Anna Berg'), (3, 'Carla');
insert into messages values
  (1, 1, 2, 'Dear Anna Berg, yours Anna'),
  (2, 3, 1, 'Anna Berg asked me: is Anna there?'),
  (3, 2, null, 'Anna Berg and Anna to whom it may concern'),
  (4, 3, null, 'stays: Carla knows Anna Berg and Anna');
