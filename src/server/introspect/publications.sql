-- Publications with the tables whose changes they send out, and those of them, partitions by themselves, of whose rows
-- nothing tells subscribers which one it was.
SELECT p.pubname::text AS name,
       p.pubupdate AS updates,
       p.pubdelete AS deletes,
       ARRAY(SELECT t.relid FROM pg_get_publication_tables(p.pubname::text) AS t) AS relations,
       ARRAY(SELECT l.relid
             FROM pg_get_publication_tables(p.pubname::text) AS t
             CROSS JOIN LATERAL (SELECT t.relid::oid WHERE NOT EXISTS (SELECT FROM pg_partition_tree(t.relid))
                                 UNION SELECT f.relid::oid FROM pg_partition_tree(t.relid) AS f WHERE f.isleaf) AS l (relid)
             JOIN pg_class c ON c.oid = l.relid
             WHERE c.relreplident = 'n'
                OR c.relreplident IN ('d', 'i') AND NOT EXISTS (
                    SELECT FROM pg_index i
                    WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
                      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END)) AS without_identity,
       ARRAY(SELECT l.relid
             FROM pg_get_publication_tables(p.pubname::text) AS t
             CROSS JOIN LATERAL (SELECT t.relid::oid WHERE NOT EXISTS (SELECT FROM pg_partition_tree(t.relid))
                                 UNION SELECT f.relid::oid FROM pg_partition_tree(t.relid) AS f WHERE f.isleaf) AS l (relid)
             JOIN pg_class c ON c.oid = l.relid
             WHERE c.relreplident = 'f') AS full_rows
FROM pg_publication p
