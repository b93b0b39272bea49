CREATE DOMAIN code AS varchar(8) CHECK (VALUE <> '');
CREATE TABLE people (code varchar(12) COLLATE "C" PRIMARY KEY, parent_code varchar(12) REFERENCES people (code) ON DELETE RESTRICT);
CREATE TABLE boxes (
    kind char(4), size numeric(6, 2), owner varchar(12) COLLATE "C" REFERENCES people (code), lid code,
    PRIMARY KEY (kind, size)
);
CREATE TABLE lids (code code PRIMARY KEY, kind char(4), size numeric(6, 2), FOREIGN KEY (size, kind) REFERENCES boxes (size, kind));
ALTER TABLE boxes ADD FOREIGN KEY (lid) REFERENCES lids;
CREATE INDEX ON people (parent_code);
CREATE INDEX ON boxes (owner);
CREATE INDEX ON boxes (lid);
CREATE INDEX ON lids (size, kind);
