#!/usr/bin/env bash
# Runs the models of conclib-core: mailbox, stop signal, start, restart and end,
# late answers, crossing asks; and those of conclib-net: two sessions with
# requests, streams and references, closed or cut at any moment. First shuttle
# runs them in thousands of random orders of the steps of their threads. Then loom
# runs the small ones of conclib-core in all orders, with all results that the
# memory orderings of the atomics allow. A failure prints its order, and how to
# repeat it. MODEL_RUNS=100000 makes shuttle try more, LOOM_MAX_PREEMPTIONS=4 loom.
# Arguments are passed to the test programs, for example parts of test names.
set -euo pipefail
cd "$(dirname "$0")/.."
export SHUTTLE_SILENCE_WARNINGS=1

models() {
    local program
    # The flag is for that package alone: its dependencies are those of the tests, with their
    # features. A test fails by a panic, and clippy does not know that a model is one.
    program=$(cargo rustc --quiet --package "$1" --all-features --features "$3" --lib --profile test \
        --message-format=json-render-diagnostics -- --cfg "$2" -D warnings -A clippy::unwrap_used |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
    shift 3
    if [[ $("$program" --list model::) != *": test"* ]]; then
        printf 'no model in %s\n' "$program" >&2
        exit 1
    fi
    "$program" --quiet model:: "$@"
}

conclib=$(sed -n '/^\[features\]/,/^\[/s/^\([a-z_]*\) = .*/conclib\/\1/p' Cargo.toml)
models conclib-core shuttle "" "$@"
models conclib-net shuttle "$conclib conclib-test-support/remote" "$@"
models conclib-core conclib_loom "" "$@"
