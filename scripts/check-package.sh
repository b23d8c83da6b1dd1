#!/usr/bin/env bash
# Packs every crate that is published and builds what was packed.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo package --workspace --exclude conclib-bench --exclude conclib-test-support --exclude conclib-test-macros --exclude conclib-test-bare --allow-dirty "$@"
