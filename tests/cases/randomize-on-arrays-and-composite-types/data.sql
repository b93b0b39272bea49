INSERT INTO users VALUES (1, 'gone'), (2, 'stays');
INSERT INTO trips
SELECT 1, 1, NULL, '{gone,NULL,gone too}', '{old,gone}', '{gone@example.org,NULL}', '{1,NULL,3}', '{fine,NULL}', '{gone,NULL}', '{gone,not}',
    '{1,2}', ARRAY['{gone,not}', NULL, '{}']::codes[], '{old,old}', '{"\\xdead",NULL}', '{00000000-0000-0000-0000-000000000001}',
    '{1950-01-01,NULL}', '{"[1950-01-01,1950-02-01)",NULL}', '{12.34}', '{"{\"a\": \"gone\"}",NULL}', '{10.1.2.3}',
    ROW('gone', NULL, 'gone', ROW(1.5, 2.5), '{gone,NULL}', 'bad')::address, ROW('gone', 'gone', 'gone', NULL, NULL, NULL)::address,
    ARRAY[ROW(NULL, 'gone', NULL, ROW(NULL, 2.5), '{}', NULL), NULL, ROW('gone', NULL, NULL, NULL, NULL, NULL)]::address[],
    ROW('1950-01-01', '[1,2)', ARRAY[ROW('gone', 'gone', NULL, NULL, '{gone,gone}', 'fine'), NULL]::address[])::visit, ROW(7, 'gone')::users,
    '{"(1,2)",NULL}', '{101,NULL}', '{1950-01-01}', '{}';
UPDATE trips SET shape = concat_ws('|',
        cardinality(a_texts), array_position(a_texts, NULL), cardinality(b_short), cardinality(d_ints), cardinality(g_domain),
        cardinality(i_lists), cardinality((r_address).tags), num_nulls((r_address).street, (r_address).town),
        cardinality(t_addresses), t_addresses[2] IS NOT DISTINCT FROM NULL, (t_addresses[1]).street IS NULL,
        cardinality((u_visit).places), cardinality(z_small));
-- An array of several dimensions comes out as one of one.
INSERT INTO trips (id, user_id, a_texts, b_short, d_ints, z_small)
VALUES (2, 1, '{{gone,NULL},{gone too,x}}', '{}', '[0:1]={1,NULL}', '{1,2}');
INSERT INTO trips (id, user_id, a_texts, b_short, g_domain, r_address, s_home, t_addresses, u_visit, z_small)
VALUES (3, 1, '{}', '{NULL}', '{}', ROW(NULL, NULL, NULL, NULL, NULL, NULL), NULL, '{}', ROW(NULL, NULL, NULL), '{NULL}');
INSERT INTO trips (id, user_id, a_texts, b_short, r_address, z_small)
VALUES (4, 2, '{{a,b},{c,stays}}', '{x}', ROW('stays', NULL, NULL, NULL, NULL, NULL), '{1}');
