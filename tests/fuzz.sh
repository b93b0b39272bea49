#!/usr/bin/env bash
# Looks for texts that break the reader of policies, with libFuzzer, which is led by the code that a text reaches.
#
#   tests/fuzz.sh [MINUTES] [SEED]
#
# A third of the minutes each for whole policies, for SQL, for paths. Prints the seed, when each began and ended, and
# libFuzzer's count of texts. A text that breaks a law, or takes longer than ten seconds, ends the run and lies in
# tests/fuzz/found/. What it learns stays in tests/fuzz/corpus/ for the next run; neither is part of the project.
# Needs what compiles C++ (g++); no other toolchain.
set -euo pipefail
cd "$(dirname "$0")/fuzz"

minutes=${1:-15}
seed=${2:-$(date -u +%s)}
# Instrumentation that the compiler has without any unstable flag.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
cargo build --quiet --release --target-dir ../../target/fuzz --target "$(rustc -vV | sed -n 's/^host: //p')"
programs=$(echo ../../target/fuzz/*/release)

mkdir -p corpus/{policy,gate,path} found
for policy in ../../policies/*.yaml ../cases/*/policy.yaml; do
    cp "$policy" "corpus/policy/$(echo "$policy" | tr -c 'a-z0-9\n' '-')"
    # Conditions and paths as they stand on one line.
    sed -n "s/^ *\(- \)\?where: //p" "$policy" | split -l 1 - "corpus/gate/$(echo "$policy" | cksum | cut -d ' ' -f 1)-"
    sed -n 's/.*\([$][.[][^:]*\):.*/\1/p' "$policy" | split -l 1 - "corpus/path/$(echo "$policy" | cksum | cut -d ' ' -f 1)-json-"
    sed -n "s/^ *\(- \)\?via: //p" "$policy" | split -l 1 - "corpus/path/$(echo "$policy" | cksum | cut -d ' ' -f 1)-"
done

status=0
for target in policy gate path; do
    printf '%s: seed %s, started %s\n' "$target" "$seed" "$(date -u +%FT%TZ)"
    "$programs/$target" "corpus/$target" -seed="$seed" -max_total_time=$((minutes * 20)) -timeout=10 -rss_limit_mb=4096 \
        -max_len=8192 -dict=words.dict -artifact_prefix=found/ -print_final_stats=1 -verbosity=0 2>&1 |
        grep -v -e '^INFO' -e '^WARNING: Failed to find' -e '# Uses: ' -e '######' || status=1
    printf '%s: ended %s\n' "$target" "$(date -u +%FT%TZ)"
done
exit "$status"
