INSERT INTO orders VALUES
    (1, 'anna@example.org', 12.50, 'gone: leave it with Mr. Ito'),
    (2, 'Anna@Example.org', 20.00, 'gone: ring twice'),
    (3, 'joanna@example.org', 5.00, 'stays'),
    (4, NULL, 7.00, 'stays: paid in the shop');
INSERT INTO order_items VALUES (1, 1, 'stays: tea'), (2, 1, 'stays: cup'), (3, 1, 'stays: pot');
INSERT INTO carts VALUES (1, 'anna@example.org'), (2, 'tom@example.org');
INSERT INTO cart_items VALUES (1, 1, 'gone: tea'), (2, 2, 'stays: cup');
INSERT INTO newsletter VALUES ('anna@example.org', '2020-01-31'), ('stays@example.org', '2021-01-31');
INSERT INTO reviews VALUES (1, 'ANNA@EXAMPLE.ORG', 5, 'gone: my sister loved it'), (2, 'tom@example.org', 1, 'stays');
INSERT INTO tickets VALUES (1, 'anna@example.org', 'gone: my address'), (2, 'tom@example.org', 'stays: the cup');
INSERT INTO ticket_messages VALUES (1, 1, 'gone: I have moved'), (2, 2, 'stays');
INSERT INTO vouchers VALUES
    ('A1', 'anna@example.org', 'tom@example.org', 10),
    ('B2', 'tom@example.org', 'anna@example.org', 20),
    ('C3 stays', 'tom@example.org', NULL, 30);
INSERT INTO waitlist VALUES ('tea', 'anna@example.org'), ('tea, stays', 'tom@example.org');
