#!/usr/bin/env bash
# Compares the public API with the last release.
# Needs cargo-semver-checks: cargo install --locked cargo-semver-checks
set -euo pipefail
cd "$(dirname "$0")/.."
cargo semver-checks --workspace --exclude conclib-bench --exclude conclib-test-bare --exclude conclib-test-builds --exclude conclib-test-crates --exclude conclib-test-dependencies --exclude conclib-test-macros --exclude conclib-test-support --exclude conclib-test-ui
