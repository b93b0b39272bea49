-- Triggers that people made. Those that a partition has from its root are told by the root's.
SELECT t.tgrelid AS relation,
       t.tgname::text AS name,
       t.tgfoid AS function,
       pg_get_triggerdef(t.oid) AS definition,
       t.tgtype AS bits,
       -- A partition can have switched on what its root has switched off: then it fires for some of the rows.
       CASE WHEN t.tgenabled NOT IN ('O', 'A') AND EXISTS (
           WITH RECURSIVE below AS (
               SELECT p.oid, p.tgenabled FROM pg_trigger p WHERE p.tgparentid = t.oid
               UNION ALL
               SELECT p.oid, p.tgenabled FROM pg_trigger p JOIN below b ON p.tgparentid = b.oid)
           SELECT FROM below WHERE tgenabled IN ('O', 'A')) THEN 'O' ELSE t.tgenabled::text END AS enabled,
       t.tginitdeferred AS is_deferred,
       ARRAY(SELECT a.attname::text
             FROM pg_attribute a
             WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr::int2[])) AS update_of
FROM pg_trigger t
WHERE NOT t.tgisinternal AND t.tgparentid = 0
