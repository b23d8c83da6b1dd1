#!/usr/bin/env bash
# Runs the tests twenty times in a row, while another process keeps one core busy:
# scripts/repeat.sh [TIMES] [cargo test arguments]. Without arguments these are all tests
# except the examples of the documentation and the compile errors (`--test ui`, which needs
# the compiler without lints): neither waits for anything.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/settings.sh
times="${1:-20}"
shift || true
if [ "$#" = 0 ]; then
	set -- --lib --bins --tests -- --skip mistakes
fi
scripts/python-peer.sh
cargo test --workspace --all-features --no-run
sh -c 'while :; do :; done' &
busy=$!
trap 'kill "$busy"' EXIT
for ((run = 1; run <= times; run++)); do
	printf '== run %d of %d (%d s)\n' "$run" "$times" "$SECONDS"
	env -u MALLOC_CONF cargo test --quiet --workspace --all-features "$@"
done
