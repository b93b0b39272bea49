-- Looks for values in every table of the demo's database, as text, whatever column they stand in. Rows of and about
-- client 142 are left out: another person, who happens to have the same name.
CREATE OR REPLACE FUNCTION pg_temp.rows_with(wanted text) RETURNS TABLE (found_in text, found_rows bigint)
LANGUAGE plpgsql AS $body$
DECLARE
    place regclass;
BEGIN
    FOR place IN
        SELECT c.oid FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        ORDER BY c.relname
    LOOP
        EXECUTE format($count$
            SELECT count(*) FROM %s AS r
            WHERE position(lower($1) IN lower(r::text)) > 0
              AND NOT EXISTS (
                SELECT FROM jsonb_each_text(to_jsonb(r)) AS c
                WHERE c.value = '142' AND (c.key IN ('user_id', 'client_id', 'about_id') OR c.key = 'id' AND $2))
            $count$, place)
            INTO found_rows USING wanted, place = 'public.users'::regclass;
        IF found_rows > 0 THEN
            found_in := place::text;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$body$;

CREATE TEMPORARY TABLE wanted AS
SELECT what, value
FROM public.users, LATERAL (VALUES
    ('name', name), ('e-mail address', email), ('mobile number', mobile_no), ('phone number', phone_no),
    ('facebook id', facebook_id)
) AS values_of_42 (what, value)
WHERE id = 42 AND value IS NOT NULL;
