-- Every object that has a name, under every name that is legal.
CREATE SCHEMA twin_a;
CREATE SCHEMA twin_b;
CREATE SCHEMA "Twin.A";
CREATE TABLE twin_a.people (id int PRIMARY KEY, person int REFERENCES public.people);
CREATE TABLE twin_b.people (id int PRIMARY KEY, person int REFERENCES twin_a.people, other int REFERENCES public.people);
CREATE TABLE "Twin.A".people (id int PRIMARY KEY, CONSTRAINT twin FOREIGN KEY (id) REFERENCES twin_b.people);
CREATE TABLE public."twin_a.people" (id int PRIMARY KEY, CONSTRAINT twin FOREIGN KEY (id) REFERENCES twin_a.people);
CREATE TABLE public."""twin_a"".""people""" (id int PRIMARY KEY);
CREATE TYPE twin_a.mood AS ENUM ('a');
CREATE DOMAIN twin_b.mood AS public.mood;
CREATE TABLE twin_a.moods (a twin_a.mood, b twin_b.mood, c public.mood);
CREATE VIEW twin_b.moods AS SELECT * FROM twin_a.moods;
CREATE FUNCTION twin_a.log_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
CREATE TRIGGER before_row BEFORE DELETE ON twin_a.people FOR EACH ROW EXECUTE FUNCTION twin_a.log_it();
CREATE TRIGGER before_row BEFORE DELETE ON twin_b.people FOR EACH ROW EXECUTE FUNCTION public.log_it();

DO $make$
DECLARE
    name text;
    number int := 0;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        ' ', '  two blanks', 'blank behind ', 'Capitals', 'UPPER', 'mixedCase', 'with space', 'with.dot', '.', '..', 'a.b.c', 'with-dash', '1', '007', '1e3',
        'with"quote', '"', '""', '"quoted"', 'with''quote', '''', '\', 'a\', '\\', '\n', 'C:\dir', '$', '$1', '$$', '$efface$', 'a$b', '%', '%I %s', '{}', '{0}', '${HOME}',
        E'new\nline', E'\n', E'\r\n', E'tab\tbed', E'\t', E'bell\x07', E'\x01', E'\x1b[31mred', E'\x7f', E'back\bspace', E'form\ffeed',
        'null', 'true', 'no', '~', 'on', '-', '- list', 'key: value', '# comment', 'a #b', '&anchor', '*alias', '!tag', '|', '>', '@at', '`tick`', '[a]', '{a: b}', '?', ',', 'a,b', '(a, b)',
        'a -> b', '->', 'via', ':subject', ':''x''', '--', '-- comment', '/* comment */', '*/', E'x\n-- y', 'a;b', ';',
        'x"; DROP TABLE people; --', 'x''; DROP TABLE people; --', E'x\n; DROP TABLE people', '$$; DROP TABLE people; $$', E'\\''; DROP TABLE people; --',
        'select', 'table', 'user', 'order', 'current_user', 'session_user', 'default', 'all', 'any', 'row', 'values', 'public', 'pg_class', 'information_schema', 'efface', 'efface_row', 'efface_gate',
        'subject', 'excluded', 'old', 'new', 'oid', 'u&"x"', 'E''x''', 'b''1''', 'x''ff''',
        'übung', 'ÜBUNG', 'ß', 'İstanbul', 'ıI', 'naïve', U&'nai\0308ve', 'Ελληνικά', 'кириллица', '日本語', '한국어', 'שלום', 'مرحبا', 'हिन्दी',
        '🙂', '👩‍👩‍👧', U&'\200Bzero', U&'zero\200D', U&'\FEFFbom', U&'\00A0', U&'no\00A0break', U&'\202Eright', U&'\2066isolated\2069', U&'line\2028separator', U&'\0085next', U&'\FFFD', U&'soft\00ADhyphen', U&'\3000',
        repeat('x', 63), repeat('ü', 31) || 'x', repeat('🙂', 15) || 'abc', repeat('"', 63), repeat(' ', 62) || 'x', repeat('a.', 31) || 'b'
    ] LOOP
        number := number + 1;
        EXECUTE format(
            'CREATE TABLE twin_b.%1$I (id int CONSTRAINT %4$I PRIMARY KEY, %1$I int CONSTRAINT %2$I REFERENCES public.people ON DELETE CASCADE, '
            || 'CONSTRAINT %3$I CHECK (%1$I > 0), value text)', name, CASE WHEN octet_length(name) < 62 THEN name || 'k' ELSE 'key' END,
            CASE WHEN octet_length(name) < 62 THEN name || 'c' ELSE 'check' END,
            CASE WHEN octet_length(name) < 62 THEN name || 'p' ELSE 'key of ' || number END);
        EXECUTE format('CREATE TABLE twin_a.%2$I (up int CONSTRAINT %1$I REFERENCES twin_b.%1$I, %1$I text UNIQUE)', name, 'of ' || number);
        EXECUTE format('CREATE TYPE twin_a.%I AS ENUM (%L)', 'e' || number || left(name, 10), name);
        EXECUTE format('CREATE DOMAIN twin_b.%I AS text DEFAULT %L CONSTRAINT %I CHECK (VALUE <> %2$L)', 'd' || number || left(name, 10), name, name);
        EXECUTE format('ALTER TABLE twin_a.%1$I ADD e twin_a.%2$I, ADD d twin_b.%3$I', 'of ' || number, 'e' || number || left(name, 10), 'd' || number || left(name, 10));
        EXECUTE format('CREATE VIEW twin_a.%I AS SELECT * FROM twin_b.%I', 'v' || number || left(name, 10), name);
        EXECUTE format('CREATE SEQUENCE twin_a.%I', 's' || number || left(name, 10));
        EXECUTE format('CREATE STATISTICS twin_a.%I ON id, value FROM twin_b.%I', 'st' || number || left(name, 10), name);
        EXECUTE format('CREATE TRIGGER %1$I AFTER UPDATE OF %1$I ON twin_b.%1$I FOR EACH ROW EXECUTE FUNCTION public.log_it(%1$L)', name);
        EXECUTE format('CREATE RULE %1$I AS ON INSERT TO twin_b.%1$I DO ALSO NOTHING', name);
        EXECUTE format('CREATE SCHEMA %I CREATE TABLE t (id int PRIMARY KEY)', 'z' || number || left(name, 10));
        EXECUTE format('ALTER TABLE %1$I.t ADD %2$I int CONSTRAINT %2$I REFERENCES twin_b.%2$I', 'z' || number || left(name, 10), name);
    END LOOP;
END $make$;
CREATE FUNCTION twin_a."mentions ""all"" of them"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO twin_b."with""quote" VALUES (1); DELETE FROM twin_b."with.dot"; UPDATE twin_b.übung SET id = 1; RETURN NULL; END $$;
CREATE TRIGGER mentions AFTER DELETE ON twin_a.moods FOR EACH ROW EXECUTE FUNCTION twin_a."mentions ""all"" of them"();
