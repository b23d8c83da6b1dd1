#!/usr/bin/env bash
# Runs the models of conclib-core: mailbox, stop word, start, restart and end,
# late answers, crossing asks. First in thousands of orders of their threads'
# steps (shuttle), then the small ones in all orders, each with all that the
# orderings of the atomics allow (loom). A failure prints the order, and how to
# have it again. MODEL_RUNS=100000 tries more of the first; LOOM_MAX_PREEMPTIONS=4
# more of the second.
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-target}"
models() {
    RUSTFLAGS="--cfg $1" CARGO_TARGET_DIR="$target/$1" \
        cargo test --package conclib-core --lib -- model:: "${@:2}"
}
export SHUTTLE_SILENCE_WARNINGS=1
models shuttle "$@"
models conclib_loom "$@"
