#!/usr/bin/env bash
# Fuzzes the decoders of names, frames and bodies, and a session, with
# AddressSanitizer, a minute each. Failing inputs are written to fuzz/artifacts. Interesting ones belong in
# fuzz/corpus under a descriptive name, and the ordinary tests then replay them.
# Needs a nightly compiler, and cargo-fuzz: cargo install --locked cargo-fuzz
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
seconds="${FUZZ_SECONDS:-60}"
targets=("$@")
if [ $# -eq 0 ]; then targets=(urn frame codec session); fi
for target in "${targets[@]}"; do
    printf '\n== %s\n' "$target"
    # New inputs are written to the first directory; the second is only read.
    mkdir -p "target/found/$target"
    cargo +nightly fuzz run "$target" "target/found/$target" "corpus/$target" \
        -- -max_total_time="$seconds" -max_len=4096 -timeout=10
done
