#!/usr/bin/env bash
# What does `scrub` cost per megabyte, and is it linear in the text?
#
# Fills a table of notes about one person with 0.1, 1 and 10 megabytes of text, in fields of a megabyte (a tenth of one for
# the least) or in rows of 200 bytes, in which the person's name or address stands once in 100 kilobytes or once in 100
# bytes, plain or with escapes all around. Runs the script of a policy that scrubs it under psql, and takes the median time
# of its UPDATE and of its verification; and that of the UPDATE that people write by hand, a `regexp_replace` with both
# values in it, which knows neither escapes nor who may change the text meanwhile. Prints milliseconds per megabyte and the
# ratio; asserts nothing.
#
#     cargo build --release && benches/scrub.sh
#
# DATABASE_URL   an empty database to use; without it, a throw-away server is started in a temporary folder
# RUNS           5
# SIZES          "100 1000 10000", in kilobytes
# EFFACE         target/release/efface
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${RUNS:-5}
sizes=${SIZES:-100 1000 10000}
efface=${EFFACE:-target/release/efface}
work=$(mktemp -d "${TMPDIR:-/tmp}/efface-bench.XXXXXX")
chmod 755 "$work"
server_is_ours=no

die() { echo "scrub: $*" >&2; exit 2; }

# The server's programs refuse to run as root.
as_server() { if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }

clean_up() {
    if [ "$server_is_ours" = yes ]; then as_server "$bin/pg_ctl" -D "$work/data" -s -m immediate stop || true; fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

[ -x "$efface" ] || die "there is no $efface: run \`cargo build --release\` first, or set EFFACE"
command -v psql >/dev/null || die "psql is not in PATH"

if [ -z "${DATABASE_URL:-}" ]; then
    bin=$(dirname "$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)")
    [ -x "$bin/initdb" ] || die "no PostgreSQL server is installed: install one, or set DATABASE_URL"
    if [ "$(id -u)" = 0 ]; then chown postgres "$work"; fi
    as_server "$bin/initdb" -D "$work/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >/dev/null
    as_server "$bin/pg_ctl" -D "$work/data" -s -w -l "$work/log" -o "-c listen_addresses='' \
        -c unix_socket_directories=$work -c shared_buffers=512MB -c max_wal_size=4GB -c autovacuum=off" start
    server_is_ours=yes
    DATABASE_URL="postgresql://postgres@/postgres?host=$work"
fi
export DATABASE_URL

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$DATABASE_URL" "$@"; }

[ "$(sql -c "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")" = 0 ] ||
    die "the database is not empty: nothing was touched"
sql -c "CREATE TABLE people (id bigint PRIMARY KEY, name text, email text);
        CREATE TABLE notes (id bigint PRIMARY KEY, person_id bigint NOT NULL REFERENCES people, body text);
        INSERT INTO people VALUES (1, 'Anna Berg', 'ann@example.org')"

cat >"$work/policy.yaml" <<'YAML'
version: 1
name: scrub
subject: { table: people }
tables:
  people: { keep: they are what is looked for }
  notes:
    columns: { id: keep, person_id: keep, body: { scrub: [people.name, people.email], with: "[deleted]" } }
limits: { statement_timeout: 10min }
YAML
"$efface" snapshot --database "$DATABASE_URL" --quiet "$work/policy.yaml"
# The step and the statement that verifies it, each with its time.
awk '/^-- step 1 of 1/ { print "\\timing on" }
    { sub(/^COMMIT;$/, "ROLLBACK;"); print }
    /^UPDATE public.notes/ { changing = 1 }
    changing && /;$/ { print "\\timing off"; changing = 0 }' "$work/policy.sql" >"$work/script.sql"
by_hand="UPDATE notes SET body = regexp_replace(body, '\\m(anna berg|ann@example\\.org)\\M', '[deleted]', 'gi')
    WHERE person_id = 1 AND body ~* '\\m(anna berg|ann@example\\.org)\\M'"

# fill KILOBYTES BYTES_A_ROW BYTES_A_MATCH ESCAPES: texts of words, with one of the values every so many bytes.
fill() {
    sql -v "bytes=$(($1 * 1000))" -v "row=$2" -v "match=$3" -v "escapes=$4" <<'SQL'
TRUNCATE notes;
INSERT INTO notes
SELECT n, 1, string_agg(CASE WHEN p % greatest(1, :match / 100) = 0
        THEN CASE p % 2 WHEN 0 THEN 'Anna Berg' ELSE 'ann@example.org' END || ' lorem ipsum dolor sit amet, consetetur'
        ELSE 'sed diam nonumy eirmod tempor invidunt ut labore et' END
    || CASE WHEN :'escapes' = 'yes' THEN ' J\u00fcrgen said \"at vero eos\" &amp; left.'
       ELSE ' magna aliquyam erat sed diam voluptua at vero.' END, ' ' ORDER BY p)
FROM (SELECT p, p * 100 / :row AS n FROM generate_series(0, :bytes / 100 - 1) AS p) AS part
GROUP BY n;
VACUUM (ANALYZE) notes;
SQL
}

median() { sort -n | awk '{ a[NR] = $1 } END { print (NR % 2) ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'; }

printf '%9s %-14s %-15s %8s %8s %9s %9s %9s %7s\n' kilobytes rows values escapes matches 'ms/MB' 'verify' 'by hand' ratio
for escapes in no yes; do
    for rows in fields small; do
        for values in few many; do
            for size in $sizes; do
                row=200
                if [ "$rows" = fields ]; then row=$((size < 1000 ? size * 1000 : 1000000)); fi
                match=100
                if [ "$values" = few ]; then match=100000; fi
                fill "$size" "$row" "$match" "$escapes"
                matches=$(sql -c "SELECT sum(array_length(regexp_split_to_array(body, 'Anna Berg|ann@example'), 1) - 1) FROM notes")
                for _ in $(seq "$runs"); do
                    psql -X -q -v ON_ERROR_STOP=1 -v key1='{1}' -d "$DATABASE_URL" -f "$work/script.sql" |
                        awk '/^Time:/ { print $2 }' >>"$work/step"
                    sql -c "\\timing on" -c "BEGIN" -c "$by_hand" -c "ROLLBACK" | awk '/^Time:/ && ++n == 2 { print $2 }' >>"$work/hand"
                done
                step=$(median <"$work/step") hand=$(median <"$work/hand")
                rm "$work/step" "$work/hand"
                awk -v size="$size" -v rows="$rows" -v values="$values" -v escapes="$escapes" -v matches="$matches" \
                    -v step="$step" -v hand="$hand" 'BEGIN { printf "%9d %-14s %-15s %8s %8d %9.1f %9s %9.1f %7.1f\n", size, rows,
                    values, escapes, matches, step * 1000 / size, "", hand * 1000 / size, step / hand }'
            done
        done
    done
done
