#!/usr/bin/env bash
# Runs the tests twenty times in a row, while another process keeps one core
# busy: scripts/repeat.sh [TIMES] [cargo test arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
times="${1:-20}"
shift || true
cargo test --workspace --all-features --no-run "$@"
sh -c 'while :; do :; done' &
busy=$!
trap 'kill "$busy"' EXIT
for ((run = 1; run <= times; run++)); do
    printf '== run %d of %d\n' "$run" "$times"
    cargo test --quiet --workspace --all-features "$@"
done
