insert into users values (1, 491701234567), (2, 4917012345678);
insert into accounts values (10, 1), (11, 1), (20, 2);
insert into profiles values
  (100, 10, 'Bo', '6f1c9a52-0b6e-4d4b-9a0e-6d6c3f7b5a01'), (101, 11, 'Tiger', null), (200, 20, 'Lion', null);
insert into notes values
  (1, 1, 'Bo, tiger & lion', '{"call": 491701234567, "not": 4917012345678, "nor": -491701234567, "who": ["BO", "Bob", "+491701234567"]}'),
  (2, 1, 'Bo Bo Bo Bo Bo', '{"id": "6F1C9A52-0B6E-4D4B-9A0E-6D6C3F7B5A01"}'),
  (3, 2, 'stays: Bo, Tiger', '{"stays": 491701234567}');
