insert into users values
  (1, 'Anna Berg', 'ann@example.org', '{Änne,Anna-Lena}', 'Anna Berg herself'),
  (2, 'Anna Bergmann', 'joann@example.org', '{}', 'stays: Anna Berg knows her');
insert into notes values
  (1, 1, 'Anna Berg with Dr. Ito', 'for Anna Berg, at 10', 'ANNA BERG', 'anna berg (ann@example.org)',
   '{ "who" : "Anna Berg", "n": 1.0, "Anna Berg": [ "\u00c4nne", true, null ] }',
   '{"who": "Anna Berg", "text": "one\ntwo: \"ANNA BERG\"", "deep": [["mail to ann@example.org."]], "n": 1.50}',
   '{"Anna Berg",NULL,"Anna Bergmann"}', '{"Anna Berg","Anna B"}', array['"Anna Berg"', '{"a": 1}']::jsonb[],
   'Anna-Lena!', 'Änne / &Auml;nne / \u00C4nne / A&#776;nne'),
  (2, 1, 'stays: joann@example.org, jo.ann@example.org, ann@example.org.uk, Anna Bergmann, Anna', 'stays: Berg', 'stays', 'ann_example.org stays',
   '{"stays":  "Anna Bergmann"}', '{"stays": "Anna"}', '{Anna,Berg}', '{}', '{}', '', null),
  (3, 2, 'stays: Anna Berg, but in the row of somebody else', null, null, null, null, null, null, null, null, null, null);
