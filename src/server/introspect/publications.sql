-- Publications with the tables whose changes they send out.
SELECT p.pubname::text AS name,
       ARRAY(SELECT t.relid FROM pg_get_publication_tables(p.pubname::text) AS t) AS relations
FROM pg_publication p
