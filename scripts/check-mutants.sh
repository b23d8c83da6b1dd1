#!/usr/bin/env bash
# Changes the code in small ways and looks whether a test notices. Hours.
# Needs cargo-mutants: cargo install --locked cargo-mutants
set -euo pipefail
cd "$(dirname "$0")/.."
cargo mutants --package conclib-core --test-workspace true "$@"
