#!/usr/bin/env bash
# Runs the models of conclib-core: mailbox, stop word, start, restart and end,
# late answers, crossing asks. First in thousands of orders of their threads'
# steps (shuttle), then the small ones in all orders, each with all that the
# orderings of the atomics allow (loom). A failure prints the order, and how to
# have it again. MODEL_RUNS=100000 tries more of the first; LOOM_MAX_PREEMPTIONS=4
# more of the second. Arguments go to the test programs: parts of names, say.
set -euo pipefail
cd "$(dirname "$0")/.."
export SHUTTLE_SILENCE_WARNINGS=1

models() {
    local program
    # The flag is for conclib-core alone: its dependencies are those of the tests.
    program=$(cargo rustc --quiet --package conclib-core --lib --profile test \
        --message-format=json-render-diagnostics -- --cfg "$1" |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
    shift
    if [[ $("$program" --list model::) != *": test"* ]]; then
        printf 'no model in %s\n' "$program" >&2
        exit 1
    fi
    "$program" --quiet model:: "$@"
}

models shuttle "$@"
models conclib_loom "$@"
