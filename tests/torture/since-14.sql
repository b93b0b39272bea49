-- What PostgreSQL 14 brought.
CREATE TABLE multiranges (
    id int PRIMARY KEY, m_int4 int4multirange, m_int8 int8multirange, m_num nummultirange UNIQUE, m_ts tsmultirange, m_tstz tstzmultirange[],
    m_date datemultirange DEFAULT '{[2024-01-01,2024-02-01)}', m_span span_multirange, compressed text COMPRESSION pglz
);
CREATE DOMAIN multi AS int4multirange CHECK (NOT isempty(VALUE));
CREATE TABLE behind_domain (m multi NOT NULL, ms multi[]);
CREATE STATISTICS by_expression ON (lower(email)), (born + 1) FROM people;
CREATE STATISTICS single_expression ON (email || number) FROM people;
CREATE FUNCTION atomic() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT count(*)::int FROM people; SELECT over(); END;
CREATE INDEX wide_brin ON people USING brin (id int4_minmax_multi_ops);
