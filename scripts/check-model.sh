#!/usr/bin/env bash
# Runs the models of conclib-core: mailbox, stop word, late answers, crossing
# asks, each in thousands of orders of its threads' steps. A failure prints the
# order, and how to have it again. MODEL_RUNS=100000 tries more of them.
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/model"
export SHUTTLE_SILENCE_WARNINGS=1
cargo test --package conclib-core --lib -- model:: "$@"
