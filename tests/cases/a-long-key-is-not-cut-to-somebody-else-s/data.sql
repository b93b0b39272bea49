INSERT INTO users VALUES ('abcde', 'Anna'), ('abcd', 'Bob');
INSERT INTO notes VALUES ('abcde', 'likes tea');
