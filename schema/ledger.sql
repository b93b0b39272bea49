-- The ledger of efface, version 1: who was erased, when, by whom, by which policy. It holds no personal data.
--
-- `efface ledger init` runs this file, `efface ledger init --print` prints it, and psql takes it as it is; run twice, it
-- does nothing. Whoever runs it owns the ledger. The role that erases gets the privileges that `efface ledger init`
-- prints, with which it can add entries and neither change nor remove one.

BEGIN;

SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL client_min_messages = warning;

DO $efface$
DECLARE
  efface_version integer;
BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('efface.version')) THEN
    EXECUTE 'SELECT max(version) FROM efface.version' INTO efface_version;
    IF efface_version > 1 THEN
      RAISE EXCEPTION 'this database has a ledger of version %, which this file does not know', efface_version
        USING HINT = 'take a newer efface';
    END IF;
  ELSIF EXISTS (
    SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'efface' AND c.relname IN ('control', 'salt', 'turn', 'ledger', 'erased')
  ) THEN
    RAISE EXCEPTION 'schema efface holds tables that are no ledger of efface'
      USING HINT = 'move them to another schema';
  END IF;
END $efface$;

CREATE SCHEMA IF NOT EXISTS efface;

-- What this file has made.
CREATE TABLE IF NOT EXISTS efface.version (
    version integer PRIMARY KEY,
    installed timestamptz NOT NULL DEFAULT now()
);

-- The kill switch. Every run holds this row with FOR SHARE until it ends, and is refused while `enabled` is false.
CREATE TABLE IF NOT EXISTS efface.control (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    enabled boolean NOT NULL DEFAULT true,
    reason text CHECK (enabled OR reason IS NOT NULL),
    -- Says nothing. FOR SHARE asks for the privilege UPDATE on some column: the role that erases has it on this one.
    held boolean
);
INSERT INTO efface.control DEFAULT VALUES ON CONFLICT DO NOTHING;

-- What keys the digests that stand for personal keys (HMAC-SHA-256: a random key of 32 bytes, filled up with zeros to a
-- block, against the two pads). Whoever can read it can try out whose digest is whose.
CREATE TABLE IF NOT EXISTS efface.salt (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    inner_key bytea NOT NULL CHECK (length(inner_key) = 64),
    outer_key bytea NOT NULL CHECK (length(outer_key) = 64)
);
WITH random AS MATERIALIZED (
    SELECT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || decode(repeat('00', 32), 'hex') AS key
)
INSERT INTO efface.salt (inner_key, outer_key)
SELECT string_agg(set_byte('\x00', 0, get_byte(key, i) # 54), '' ORDER BY i),
       string_agg(set_byte('\x00', 0, get_byte(key, i) # 92), '' ORDER BY i)
FROM random, generate_series(0, 63) AS i
ON CONFLICT DO NOTHING;

-- Whoever holds the lock on this table writes the next entry. It is a table of its own because the lock asks for the
-- privilege UPDATE on the whole table, which nobody should have on the entries.
CREATE TABLE IF NOT EXISTS efface.turn ();

-- One entry for each run that was committed. `digest` is over everything else in the entry, `prev` is the digest of the
-- entry before: one that is changed or taken out doesn't fit any more.
CREATE TABLE IF NOT EXISTS efface.ledger (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    prev text NOT NULL UNIQUE CHECK (prev ~ '^[0-9a-f]{64}$'),
    digest text NOT NULL UNIQUE CHECK (digest ~ '^[0-9a-f]{64}$'),
    at timestamptz NOT NULL,
    -- Who had logged in.
    role text NOT NULL,
    transaction text NOT NULL,
    -- The program: efface with its version, or psql.
    runner text NOT NULL,
    policy text NOT NULL,
    policy_sha256 text NOT NULL,
    -- Of the script, down to the statements about the ledger. It stands in the script itself: `git log -S` finds that.
    plan_sha256 text NOT NULL,
    -- The subject's table; NULL where subjects have no row, or every row is meant.
    subject text,
    -- The columns of its key, or the name of the value; none where every row is meant.
    key text[] NOT NULL,
    chosen text NOT NULL CHECK (chosen IN ('given', 'expired', 'every row')),
    subjects bigint NOT NULL,
    subjects_sha256 text NOT NULL,
    -- For each step of the plan its action, its table and the rows that it deleted or changed.
    steps jsonb NOT NULL
);

-- Whom an entry is about. Integers and uuids stand as they are, several columns with commas between them; of any other
-- key there is a digest with `efface.salt`.
CREATE TABLE IF NOT EXISTS efface.erased (
    entry bigint NOT NULL REFERENCES efface.ledger (seq),
    subject text NOT NULL,
    PRIMARY KEY (subject, entry)
);
CREATE INDEX IF NOT EXISTS erased_entry_idx ON efface.erased (entry);

COMMENT ON SCHEMA efface IS 'the ledger of efface: who was erased, when, by which policy; no personal data';
COMMENT ON TABLE efface.version IS 'the versions of this schema that were installed';
COMMENT ON TABLE efface.control IS 'the kill switch of efface: while `enabled` is false, every run is refused';
COMMENT ON TABLE efface.salt IS 'keys the digests of personal keys in efface.erased: whoever reads it can try out whose they are';
COMMENT ON TABLE efface.turn IS 'always empty: whoever locks it writes the next entry';
COMMENT ON TABLE efface.ledger IS 'one entry for each committed run of efface, chained by digests; `efface ledger verify` checks it';
COMMENT ON TABLE efface.erased IS 'whom the entries of efface.ledger are about, by key or keyed digest';

REVOKE ALL ON SCHEMA efface FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA efface FROM PUBLIC;

INSERT INTO efface.version (version) VALUES (1) ON CONFLICT DO NOTHING;

COMMIT;
