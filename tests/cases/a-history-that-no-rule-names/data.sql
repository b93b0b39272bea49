INSERT INTO clients VALUES (42, 'Ann Berg'), (43, 'Ben');
INSERT INTO history VALUES ('2025-03-01', 'clients', '{"id": 42, "name": "Ann Berg"}');
