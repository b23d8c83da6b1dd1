#!/usr/bin/env bash
# Runs everything that has to pass.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"

step() { printf '\n== %s\n' "$*"; }

if [ "$(id -u)" != 0 ]; then
	step "LEFT OUT, for want of root: three tests of other users at a unix socket"
	export CONCLIB_TEST_WITHOUT_ROOT=1
fi

step "formatting"
cargo fmt --all --check

step "lints, all features"
cargo clippy --workspace --all-targets --all-features -- -D warnings

step "lints, no features"
cargo clippy --package conclib --all-targets --no-default-features -- -D warnings

# With the examples, which tests run, and the examples of the documentation.
step "tests, all features"
cargo test --workspace --all-features

step "tests, no features"
cargo test --package conclib --no-default-features --lib --tests

step "documentation, all features, as by default, and none"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps
RUSTDOCFLAGS="-D warnings" cargo doc --package conclib --no-deps
RUSTDOCFLAGS="-D warnings" cargo doc --package conclib --no-default-features --no-deps

step "the quickstart"
cargo run --quiet --example quickstart -- --once

printf '\nall of it passed\n'
