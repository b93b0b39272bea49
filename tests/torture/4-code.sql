-- Whatever runs or shows: rules, triggers, views, policies, publications, event triggers, foreign tables.
CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO no_key VALUES (1, TG_NAME); RETURN coalesce(NEW, OLD); END $$;
CREATE FUNCTION built_in() RETURNS trigger LANGUAGE internal AS 'suppress_redundant_updates_trigger';
CREATE FUNCTION "odd ""name""(x)"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('SELECT %L', TG_RELID); RETURN NULL; END $$;
CREATE FUNCTION over() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION over(int) RETURNS int LANGUAGE sql AS 'SELECT over() FROM people';
CREATE FUNCTION itself(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN CASE WHEN n > 0 THEN itself(n - 1) ELSE over(n) END; END';
CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM itself(3), count(*) FROM old_rows; RETURN NULL; END $$;
CREATE FUNCTION ends() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE PROCEDURE did(INOUT n int) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE FUNCTION same(people, people) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1.id = $2.id';
CREATE OPERATOR === (LEFTARG = people, RIGHTARG = people, FUNCTION = same);
CREATE CAST (place AS one_row) WITH INOUT;
CREATE COLLATION german FROM "C";
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
CREATE ACCESS METHOD heap_again TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE other_method (a int PRIMARY KEY, b text) USING heap_again;

CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TRIGGER after_row AFTER UPDATE OF code, born ON orders FOR EACH ROW WHEN (OLD.code IS DISTINCT FROM NEW.code) EXECUTE FUNCTION log_it('a', 'b''c', E'd\\e');
CREATE TRIGGER statement AFTER DELETE ON orders REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION counts();
CREATE TRIGGER truncated BEFORE TRUNCATE ON orders EXECUTE FUNCTION "odd ""name""(x)"();
CREATE TRIGGER internal BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION built_in();
CREATE TRIGGER words BEFORE INSERT OR UPDATE ON every_type FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger('c_tsvector', 'pg_catalog.simple', 'c_text');
CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE OR DELETE ON people FROM orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TRIGGER "Quoted ""trigger""" AFTER DELETE ON people FOR EACH ROW EXECUTE FUNCTION "odd ""name""(x)"();
CREATE TRIGGER off AFTER DELETE ON people FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TRIGGER replica AFTER DELETE ON people FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TRIGGER always AFTER DELETE ON people FOR EACH ROW EXECUTE FUNCTION log_it();
ALTER TABLE people DISABLE TRIGGER off, ENABLE REPLICA TRIGGER replica, ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER on_root AFTER UPDATE ON events FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TRIGGER on_leaf AFTER DELETE ON events_rest FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TRIGGER on_middle BEFORE DELETE ON events_2024 FOR EACH STATEMENT EXECUTE FUNCTION "odd ""name""(x)"();
CREATE TRIGGER same_name AFTER DELETE ON events_2024_eu_0 FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TRIGGER same_name AFTER DELETE ON events_2024_eu_1 FOR EACH ROW EXECUTE FUNCTION built_in();

CREATE RULE also AS ON UPDATE TO stored DO ALSO INSERT INTO no_key VALUES (1, OLD.v);
CREATE RULE notify AS ON INSERT TO stored DO NOTIFY something;
CREATE RULE nothing AS ON DELETE TO stored DO INSTEAD NOTHING;
CREATE RULE where_true AS ON DELETE TO holes WHERE OLD.c > 5 DO INSTEAD (UPDATE holes SET a = 'x' WHERE c = OLD.c; SELECT 1);
CREATE RULE "Rule ""quoted""" AS ON UPDATE TO holes WHERE OLD.c > 5 DO ALSO DELETE FROM all_dropped;
ALTER TABLE holes DISABLE RULE "Rule ""quoted""";
CREATE RULE on_partition AS ON DELETE TO events_2024 DO INSTEAD NOTHING;

CREATE VIEW names AS SELECT id, email FROM people WHERE deleted IS NULL WITH CHECK OPTION;
CREATE VIEW names_of_names WITH (security_barrier) AS SELECT n.*, o.code FROM names n LEFT JOIN orders o ON o.person = n.id;
CREATE RECURSIVE VIEW managers (id, top) AS SELECT id, id FROM people WHERE manager IS NULL UNION ALL SELECT p.id, m.top FROM people p JOIN managers m ON p.manager = m.id;
CREATE VIEW of_nothing AS SELECT 1 AS one;
CREATE VIEW of_a_partition AS SELECT * FROM events_2024_eu_0;
CREATE VIEW of_the_catalog AS SELECT relname FROM pg_class;
CREATE VIEW no_view_columns AS SELECT;
CREATE MATERIALIZED VIEW monthly AS SELECT date_trunc('month', born::timestamp) AS month, count(*) FROM names_of_names, people GROUP BY 1;
CREATE UNIQUE INDEX monthly_month ON monthly (month);
CREATE MATERIALIZED VIEW unfilled AS TABLE monthly WITH NO DATA;
CREATE STATISTICS of_monthly ON month, count FROM monthly;
CREATE TRIGGER instead INSTEAD OF UPDATE OR DELETE ON names FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TRIGGER of_view AFTER INSERT ON names FOR EACH STATEMENT EXECUTE FUNCTION log_it();
CREATE RULE gone AS ON DELETE TO of_nothing DO INSTEAD DELETE FROM people;
CREATE TABLE reads_a_view (v names, w names[]);
CREATE TABLE reads_monthly (m monthly);

ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON people AS RESTRICTIVE FOR UPDATE USING (email = CURRENT_USER) WITH CHECK (club IN (SELECT club FROM orders));
ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE chain_1 FORCE ROW LEVEL SECURITY;

CREATE FOREIGN DATA WRAPPER far;
CREATE SERVER away FOREIGN DATA WRAPPER far;
CREATE FOREIGN TABLE far_people (id int NOT NULL, email text DEFAULT 'x' CONSTRAINT has_at CHECK (email LIKE '%@%')) SERVER away;
CREATE FOREIGN TABLE far_child (more text) INHERITS (side) SERVER away;
CREATE TABLE near_child (most text) INHERITS (far_people);
CREATE TABLE half_far (id int, note text) PARTITION BY LIST (id);
CREATE FOREIGN TABLE half_far_1 PARTITION OF half_far (CONSTRAINT far_check CHECK (note <> 'x')) FOR VALUES IN (1) SERVER away;
CREATE TABLE half_far_2 PARTITION OF half_far FOR VALUES IN (2);
CREATE TRIGGER of_far AFTER DELETE ON far_people FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TRIGGER of_far_part AFTER DELETE ON half_far_1 FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE VIEW of_far AS SELECT f.id, c.extra FROM far_people f, far_child c;
CREATE STATISTICS far_stats ON id, email FROM far_people;

CREATE SEQUENCE alone AS smallint CYCLE;
CREATE SEQUENCE owned OWNED BY people.club;

CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'delete, update');
CREATE PUBLICATION "some ""tables""" FOR TABLE people, ONLY base, events, chain_1;
CREATE PUBLICATION empty;
CREATE PUBLICATION one_part FOR TABLE events_2024 WITH (publish_via_partition_root = true);
