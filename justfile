# What people type most; `just --list` shows it.

# The whole story on a throw-away PostgreSQL.
demo:
    cargo run -- demo

# Every test.
test:
    cargo test

# What has to hold before a change lands.
ci:
    .ci/run

# One client, against a hand-written script.
bench:
    cargo build --release && benches/one-client.sh
