#!/usr/bin/env bash
# Tries random cases until the time is over, and goes on after a disagreement: the oracle in tests/postgres/oracle/.
#
#   tests/oracle-long.sh [MINUTES] [FIRST_SEED]
#
# Prints when it began and ended, the seeds, how many cases fell into which class, and the seeds that disagree, at most
# twenty, with the whole case of the first three. Without a seed it starts where no run before it has been.
set -euo pipefail
cd "$(dirname "$0")/.."

minutes=${1:-60}
seed=${2:-$(date -u +%s)000}
printf 'started %s, %s minutes, from seed %s\n' "$(date -u +%FT%TZ)" "$minutes" "$seed"
status=0
EFFACE_ORACLE_MINUTES=$minutes EFFACE_ORACLE_SEED=$seed \
    cargo test --locked --test postgres oracle::efface_agrees -- --nocapture || status=$?
printf 'ended %s, status %s\n' "$(date -u +%FT%TZ)" "$status"
exit "$status"
