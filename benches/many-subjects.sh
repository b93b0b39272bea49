#!/usr/bin/env bash
# How much slower than the best hand-written SQL is erasing many people at once with efface?
#
# Erases people of a club with a million users (benches/many-subjects.sql) alternately with `efface apply
# --subjects-from` and with benches/many-subjects-by-hand.sql under psql, each time others, all of one run in one
# transaction, both without an ANALYZE afterwards. Prints medians of the wall time of the process, their ratio, and the
# client's peak memory for each number of people, which has to stay flat. Prints, and asserts nothing.
#
#     cargo build --release && benches/many-subjects.sh
#
# DATABASE_URL   a database to use: an empty one is filled, one that an earlier run filled is used again; its users are
#                really erased. Without it, a throw-away server is started in a temporary folder and removed again.
# USERS, RUNS    1000000 and 5
# SIZES          "100 1000 10000", the numbers of people
# EFFACE         target/release/efface
set -euo pipefail
cd "$(dirname "$0")/.."

users=${USERS:-1000000}
runs=${RUNS:-5}
sizes=${SIZES:-100 1000 10000}
efface=${EFFACE:-target/release/efface}
work=$(mktemp -d "${TMPDIR:-/tmp}/efface-bench.XXXXXX")
chmod 755 "$work"
server_is_ours=no

die() { echo "many-subjects: $*" >&2; exit 2; }

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
[ -x /usr/bin/time ] || die "/usr/bin/time is missing: install the package \`time\`"

if [ -z "${DATABASE_URL:-}" ]; then
    bin=$(dirname "$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)")
    [ -x "$bin/initdb" ] || die "no PostgreSQL server is installed: install one, or set DATABASE_URL"
    if [ "$(id -u)" = 0 ]; then chown postgres "$work"; fi
    as_server "$bin/initdb" -D "$work/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >/dev/null
    # Enough memory for the tables, and nobody who works in the background while the clock runs.
    as_server "$bin/pg_ctl" -D "$work/data" -s -w -l "$work/log" -o "-c listen_addresses='' \
        -c unix_socket_directories=$work -c shared_buffers=1GB -c max_wal_size=8GB -c autovacuum=off" start
    server_is_ours=yes
    DATABASE_URL="postgresql://postgres@/postgres?host=$work"
fi
export DATABASE_URL

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$DATABASE_URL" "$@"; }

if [ "$(sql -c "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")" = 0 ]; then
    echo "loading $users users" >&2
    sql -v "users=$users" -f benches/many-subjects.sql
elif [ "$(sql -c "SELECT to_regclass('public.audits') IS NOT NULL AND obj_description('users'::regclass) = 'many-subjects'")" != t ]; then
    die "the database is neither empty nor one of an earlier run: nothing was touched"
fi

# People who are there as they were loaded, spread over all users: a run takes every so-maniest of them.
sql -c "SELECT id FROM users WHERE role = 'client' AND name LIKE 'Name %' ORDER BY md5(id::text)" >"$work/people"
needed=0
for size in $sizes; do needed=$((needed + 2 * (runs + 1) * size)); done
[ "$(wc -l <"$work/people")" -ge "$needed" ] || die "fewer than $needed people are left to erase: use a new database"
taken=0

# take NUMBER: the next people, one in each line of $work/subjects.
take() {
    tail -n "+$((taken + 1))" "$work/people" | head -n "$1" >"$work/subjects" || true
    taken=$((taken + $1))
    # What the run before has left to be written is not this one's.
    sql -c CHECKPOINT
}

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

export LC_ALL=C
echo "of $(sql -c 'SELECT count(*) FROM users') users, medians of $runs runs each, PostgreSQL $(sql -c 'SHOW server_version')"
for size in $sizes; do
    rm -f "$work/efface" "$work/psql"
    for ((run = 0; run <= runs; run++)); do
        take "$size"
        measure efface "$efface" apply --yes --no-ledger --no-analyze --quiet benches/many-subjects.yaml --subjects-from "$work/subjects"
        take "$size"
        { printf '{'; paste -s -d , "$work/subjects" | tr -d '\n'; printf '}'; } >"$work/keys"
        measure psql psql -X -d "$DATABASE_URL" -v "file=$work/keys" -f benches/many-subjects-by-hand.sql
        # The first of each warms up.
        if [ "$run" = 0 ]; then rm "$work/efface" "$work/psql"; fi
    done
    echo
    echo "$size subjects in one transaction"
    for name in efface psql; do
        printf '  %-7s %8.1f ms  %7.1f MB   (runs, ms: %s)\n' "$name" "$(median $name 1)" \
            "$(awk -v kb="$(median $name 2)" 'BEGIN { print kb / 1024 }')" "$(cut -d ' ' -f 1 "$work/$name" | paste -sd ' ')"
    done
    awk -v a="$(median efface 1)" -v b="$(median psql 1)" 'BEGIN { printf "  ratio   %8.2f ×\n", a / b }'
done
