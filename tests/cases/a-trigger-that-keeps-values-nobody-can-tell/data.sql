INSERT INTO users VALUES
    (1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 17, '1980-01-02', true, 'Dr.', 'old'),
    (2, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', 18, '1981-01-02', false, 'Prof.', 'old');
