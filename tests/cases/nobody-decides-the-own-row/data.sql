INSERT INTO users VALUES (1, 'Ann stays', NULL), (2, 'Bob stays', NULL);
INSERT INTO addresses VALUES (10, 1, 'Street stays');
UPDATE users SET usual_address_id = 10;
