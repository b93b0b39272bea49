-- Partitions and plain inheritance: who hangs below whom.
SELECT i.inhrelid AS child, i.inhparent AS parent
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE c.relkind NOT IN ('i', 'I')
