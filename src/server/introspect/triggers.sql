-- Triggers that people made. Those that a partition has from its root are told by the root's.
SELECT t.tgrelid AS relation,
       t.tgname::text AS name,
       t.tgfoid AS function,
       pg_get_triggerdef(t.oid) AS definition,
       t.tgtype AS bits,
       t.tgenabled::text AS enabled,
       t.tginitdeferred AS is_deferred,
       ARRAY(SELECT a.attname::text
             FROM pg_attribute a
             WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr::int2[])) AS update_of
FROM pg_trigger t
WHERE NOT t.tgisinternal AND t.tgparentid = 0
