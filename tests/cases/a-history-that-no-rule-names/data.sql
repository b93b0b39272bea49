INSERT INTO clients VALUES (42, 'Ann Berg'), (43, 'Ben');
INSERT INTO history (relation, before) VALUES ('clients', '{"id": 42, "name": "Ann Berg"}');
