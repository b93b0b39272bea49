INSERT INTO plans VALUES (1, 'Ann'), (2, 'tom stays');
INSERT INTO messages VALUES (1, 'Ann', 'gone'), (2, 'tom stays', NULL);
INSERT INTO replies VALUES (1, 'Ann', 'gone'), (2, 'tom stays', NULL);
