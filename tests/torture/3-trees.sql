-- Inheritance and partitions.
CREATE TABLE base (id int PRIMARY KEY, note text CHECK (note <> ''), person int REFERENCES people);
CREATE TABLE side (id int, extra text);
CREATE TABLE left_child (l int NOT NULL) INHERITS (base);
CREATE TABLE right_child (r int, PRIMARY KEY (id)) INHERITS (base);
CREATE TABLE diamond (d text UNIQUE) INHERITS (left_child, right_child);
CREATE TABLE deep (FOREIGN KEY (person) REFERENCES people) INHERITS (diamond, side);
CREATE TABLE to_children (base int REFERENCES base, child int REFERENCES right_child);
ALTER TABLE diamond NO INHERIT left_child;

-- Partitions of partitions: range over list over hash, defaults, an expression, columns in another order.
CREATE TABLE events (id int8, at date NOT NULL, region text, person int REFERENCES people, note text, gone int, PRIMARY KEY (id, at, region))
    PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (region);
CREATE TABLE events_2024_eu PARTITION OF events_2024 FOR VALUES IN ('eu', 'uk') PARTITION BY HASH (id);
CREATE TABLE events_2024_eu_0 PARTITION OF events_2024_eu (note NOT NULL DEFAULT 'x') FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE events_2024_eu_1 PARTITION OF events_2024_eu FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE events_2024_rest PARTITION OF events_2024 DEFAULT;
CREATE TABLE events_rest (junk int, region text NOT NULL, person int, at date NOT NULL, gone int, id int8 NOT NULL, note text);
ALTER TABLE events_rest DROP COLUMN junk;
ALTER TABLE events ATTACH PARTITION events_rest DEFAULT;
ALTER TABLE events DROP COLUMN gone;
CREATE UNIQUE INDEX events_eu_note ON events_2024_eu_0 (note);
CREATE INDEX events_person ON events (person);
-- Made for the root alone, and attached to nothing: it is invalid, and stays so.
CREATE UNIQUE INDEX events_only_here ON ONLY events (note, at, region, id);
ALTER TABLE events_rest ADD CONSTRAINT rest_check CHECK (note <> 'x'), ADD CONSTRAINT rest_exclude EXCLUDE USING btree (note WITH =);
-- What siblings don't have.
ALTER TABLE events_rest ADD CONSTRAINT rest_person FOREIGN KEY (person) REFERENCES people ON DELETE CASCADE;
ALTER TABLE events_2024_eu ADD CONSTRAINT eu_people FOREIGN KEY (person, region) REFERENCES people (club, number);
CREATE TABLE to_events (id int8, at date, region text, FOREIGN KEY (at, region, id) REFERENCES events (at, region, id));
CREATE TABLE to_one_partition (id int8, at date, region text, r text, FOREIGN KEY (id, region, at) REFERENCES events_2024 (id, region, at) ON DELETE CASCADE);
-- Between partitions only, and of a partition to its own root and to its sibling.
ALTER TABLE events_2024_rest ADD CONSTRAINT to_sibling FOREIGN KEY (id, at, region) REFERENCES events_rest (id, at, region),
    ADD CONSTRAINT to_own_root FOREIGN KEY (id, at, region) REFERENCES events (id, at, region);
CREATE TABLE parted (id int, up int, person int REFERENCES people ON DELETE SET NULL, PRIMARY KEY (id), FOREIGN KEY (up) REFERENCES parted) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE parted_2 (id int, event int8, at date, region text, FOREIGN KEY (event, at, region) REFERENCES events, FOREIGN KEY (id) REFERENCES parted) PARTITION BY LIST (region);
CREATE TABLE parted_2_a PARTITION OF parted_2 FOR VALUES IN (NULL);
CREATE TABLE no_partitions (id int, note text) PARTITION BY RANGE ((id % 10), note COLLATE "C");
CREATE TABLE "Other Schema's Root" (id int) PARTITION BY LIST (id);
CREATE SCHEMA parts;
CREATE TABLE parts."Other Schema's Root" PARTITION OF "Other Schema's Root" FOR VALUES IN (1);
CREATE TABLE parts.detached (id int);
ALTER TABLE "Other Schema's Root" ATTACH PARTITION parts.detached DEFAULT;
ALTER TABLE "Other Schema's Root" DETACH PARTITION parts.detached;
CREATE STATISTICS parts.on_partition ON id, note FROM events_rest;
