INSERT INTO users VALUES (1, 'Ann gone'), (2, 'Bob stays');
INSERT INTO visits VALUES (1, 2024, 1, 'old gone'), (2, 2025, 1, 'new gone'), (3, 2026, 1, 'next gone'), (4, 2024, 2, 'his stays'),
  (5, 2025, 2, 'his stays'), (6, 2026, 7, 'orphan stays');
