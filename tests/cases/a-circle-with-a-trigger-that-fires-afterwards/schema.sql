CREATE TABLE users (id integer PRIMARY KEY, name text);
CREATE TABLE accounts (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users, latest_id integer NOT NULL);
CREATE TABLE orders (id integer PRIMARY KEY, account_id integer NOT NULL, note text);
ALTER TABLE orders ADD CONSTRAINT orders_account FOREIGN KEY (account_id) REFERENCES accounts;
ALTER TABLE accounts ADD CONSTRAINT accounts_latest FOREIGN KEY (latest_id) REFERENCES orders;
CREATE TABLE tally (account_id integer PRIMARY KEY, orders integer NOT NULL);
CREATE INDEX ON accounts (user_id);
CREATE INDEX ON accounts (latest_id);
CREATE INDEX ON orders (account_id);
CREATE FUNCTION count_down() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tally SET orders = orders - 1 WHERE account_id = OLD.account_id;
    UPDATE accounts SET latest_id = latest_id WHERE id = OLD.account_id;
    RETURN OLD;
END $$;
CREATE TRIGGER count_down AFTER DELETE ON orders FOR EACH ROW EXECUTE FUNCTION count_down();
