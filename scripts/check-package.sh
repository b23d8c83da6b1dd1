#!/usr/bin/env bash
# Packs every published crate, and builds each from its package.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo package --workspace --exclude conclib-bench --exclude 'conclib-test-*' --allow-dirty "$@"
