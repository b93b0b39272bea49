#!/usr/bin/env bash
# How much slower than hand-written SQL is erasing one client with efface?
#
# Erases clients of the fitness club alternately with `efface apply --yes` and with benches/one-client.sql under psql,
# each time another client, and prints for each process the wall time and the peak memory of the process itself (the
# server's is not in it), then medians and ratios: with the policy but for its search for old values, without its reports, without the
# ANALYZE of the touched tables afterwards, which with 100,000 clients are most of the work on both sides; and with the
# whole policy, though the SQL by hand looks for no old values. Prints, and asserts nothing.
#
#     cargo build --release && benches/one-client.sh
#
# DATABASE_URL   a database to use: an empty one is filled, one that an earlier run filled is used again; its clients
#                are really erased. Without it, a throw-away server is started in a temporary folder and removed again.
# CLIENTS, RUNS  100000 and 7
# EFFACE         target/release/efface
set -euo pipefail
cd "$(dirname "$0")/.."

clients=${CLIENTS:-100000}
runs=${RUNS:-7}
efface=${EFFACE:-target/release/efface}
work=$(mktemp -d "${TMPDIR:-/tmp}/efface-bench.XXXXXX")
chmod 755 "$work"
server_is_ours=no

die() { echo "one-client: $*" >&2; exit 2; }

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
if [ ! -x /usr/bin/time ]; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "/usr/bin/time is missing: install the package \`time\`"
    echo "installing the package time" >&2
    apt-get install -y --no-install-recommends time >&2
fi

if [ -z "${DATABASE_URL:-}" ]; then
    bin=$(dirname "$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)")
    [ -x "$bin/initdb" ] || die "no PostgreSQL server is installed: install one, or set DATABASE_URL"
    if [ "$(id -u)" = 0 ]; then chown postgres "$work"; fi
    as_server "$bin/initdb" -D "$work/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >/dev/null
    # Everything else as a server comes: fsync stays on, since a COMMIT is part of what is measured.
    as_server "$bin/pg_ctl" -D "$work/data" -s -w -l "$work/log" \
        -o "-c listen_addresses='' -c unix_socket_directories=$work" start
    server_is_ours=yes
    DATABASE_URL="postgresql://postgres@/postgres?host=$work"
fi
export DATABASE_URL

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$DATABASE_URL" "$@"; }

if [ "$(sql -c "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")" = 0 ]; then
    echo "loading $clients clients" >&2
    sql -o /dev/null -c "SET club.clients = '$clients'" -f examples/fitness-club/schema.sql -f examples/fitness-club/data.sql
    sql -c 'VACUUM ANALYZE' -c 'CHECKPOINT'
elif [ "$(sql -c "SELECT to_regclass('public.client_linkings') IS NOT NULL AND to_regclass('public.clubs') IS NOT NULL")" != t ] ||
    [ "$(sql -c "SELECT count(*) FROM clubs WHERE slug IN ('north', 'south', 'east', 'west')")" != 4 ]; then
    die "the database is neither empty nor the fitness club: nothing was touched"
fi

# Clients like client 42, who have a bit of everything; none of them owes money. Two for warming up in each of four rounds.
needed=$((4 * (2 * runs + 2)))
mapfile -t subjects < <(sql -c "
    SELECT id FROM users
    WHERE role = 'client' AND (id - 20) % 60 = 22 AND email NOT LIKE '%@deleted.invalid' ORDER BY id LIMIT $needed")
[ "${#subjects[@]}" = "$needed" ] || die "only ${#subjects[@]} clients are left to erase, $needed are needed"

# Without the search for old values, which nobody writes by hand.
sed '/^  gone: /d' policies/client-erasure.yaml >"$work/without-gone.yaml"

# Without `verify:`, and without what is indented below it.
awk '/^[a-z_]+:/ { skip = ($1 == "verify:") } !skip' policies/client-erasure.yaml >"$work/without-reports.yaml"

# measure NAME COMMAND…: one line "milliseconds kilobytes" into $work/NAME.
measure() {
    local name=$1 from to
    shift
    from=${EPOCHREALTIME/[.,]/}
    /usr/bin/time -o "$work/memory" -f %M "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; die "$name failed"; }
    to=${EPOCHREALTIME/[.,]/}
    echo "$(((to - from) / 1000)).$(((to - from) % 1000 / 100)) $(tail -n 1 "$work/memory")" >>"$work/$name"
}

# median NAME COLUMN
median() { cut -d ' ' -f "$2" "$work/$1" | sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

# compare TITLE POLICY REPORTS ANALYZE
compare() {
    local title=$1 policy=$2 reports=$3 analyze=$4 run subject flags=()
    if [ "$analyze" = off ]; then flags=(--no-analyze); fi
    rm -f "$work/efface" "$work/psql"
    for ((run = 0; run <= runs; run++)); do
        subject=${subjects[next]}
        measure efface "$efface" apply --yes --no-ledger "${flags[@]}" "$policy" --subject "$subject"
        subject=${subjects[next + 1]}
        measure psql psql -X -v ON_ERROR_STOP=1 -v "reports=$reports" -v "analyze=$analyze" -v "subject=$subject" -d "$DATABASE_URL" -f benches/one-client.sql
        next=$((next + 2))
        # The first of each warms up.
        if [ "$run" = 0 ]; then rm "$work/efface" "$work/psql"; fi
    done
    echo
    echo "$title"
    for name in efface psql; do
        printf '  %-7s %8.1f ms  %7.1f MB   (runs, ms: %s)\n' "$name" "$(median $name 1)" \
            "$(awk -v kb="$(median $name 2)" 'BEGIN { print kb / 1024 }')" "$(cut -d ' ' -f 1 "$work/$name" | paste -sd ' ')"
    done
    awk -v a="$(median efface 1)" -v b="$(median psql 1)" -v c="$(median efface 2)" -v d="$(median psql 2)" \
        'BEGIN { printf "  ratio   %8.2f ×   %7.2f ×\n", a / b, c / d }'
}

export LC_ALL=C
next=0
echo "one client of $(sql -c "SELECT count(*) FROM users WHERE role = 'client'"), medians of $runs runs each, PostgreSQL $(sql -c 'SHOW server_version')"
compare "its reports too, and ANALYZE afterwards" "$work/without-gone.yaml" on on
compare "without its reports" "$work/without-reports.yaml" off on
compare "without reports and without ANALYZE" "$work/without-reports.yaml" off off
compare "with the search for old values, which the SQL by hand does without" policies/client-erasure.yaml on on
