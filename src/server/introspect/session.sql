-- What is printed must not depend on the session. All of it is undone by rolling back to the savepoint.
SAVEPOINT efface_introspect;
-- pg_temp last, or a temporary table called pg_class would be read instead of the catalog's.
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL quote_all_identifiers = off;
-- With it off, our own patterns would lose their backslashes, and printed strings would double theirs.
SET LOCAL standard_conforming_strings = on;
SET LOCAL escape_string_warning = off;
SET LOCAL backslash_quote = safe_encoding;
SET LOCAL array_nulls = on;
SET LOCAL transform_null_equals = off;
SET LOCAL xmloption = 'content';
SET LOCAL xmlbinary = 'base64';
SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL TimeZone = 'UTC';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';
SET LOCAL lc_monetary = 'C';
-- Compiling the larger queries takes a hundred times as long as running them.
SET LOCAL jit = off;
