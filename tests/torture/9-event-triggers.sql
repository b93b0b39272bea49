-- Last: from here on they fire.
CREATE EVENT TRIGGER at_the_end ON ddl_command_end EXECUTE FUNCTION ends();
CREATE EVENT TRIGGER "odd event" ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP SCHEMA') EXECUTE FUNCTION ends();
CREATE EVENT TRIGGER rewrites ON table_rewrite EXECUTE FUNCTION ends();
ALTER EVENT TRIGGER rewrites DISABLE;
