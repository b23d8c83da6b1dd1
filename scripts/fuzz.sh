#!/usr/bin/env bash
# Throws bytes at what reads names, frames and bodies, a minute each, guided by
# which code they reach, with AddressSanitizer. What breaks is in
# fuzz/artifacts; what is worth keeping goes into fuzz/corpus with a name, and
# then the ordinary tests replay it.
# Needs a nightly compiler, and cargo-fuzz: cargo install --locked cargo-fuzz
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
seconds="${FUZZ_SECONDS:-60}"
targets=("$@")
if [ $# -eq 0 ]; then targets=(urn frame codec); fi
for target in "${targets[@]}"; do
    printf '\n== %s\n' "$target"
    # What it finds goes into the first directory; the second is only read.
    mkdir -p "target/found/$target"
    cargo +nightly fuzz run "$target" "target/found/$target" "corpus/$target" \
        -- -max_total_time="$seconds" -max_len=4096 -timeout=10
done
