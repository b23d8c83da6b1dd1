#!/usr/bin/env bash
# Licences, advisories and bans. Needs cargo-deny: cargo install --locked cargo-deny
set -euo pipefail
cd "$(dirname "$0")/.."
cargo deny --all-features check
