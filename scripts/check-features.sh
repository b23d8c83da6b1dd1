#!/usr/bin/env bash
# Compiles conclib without features, with each feature alone and with each pair of
# them: a feature must not need another one that it does not enable, nor give a
# warning.
set -euo pipefail
cd "$(dirname "$0")/.."

features=(macros net apid process redis metrics testing)
named=$(sed -n '/^\[features\]/,/^\[/s/^\([a-z_]*\) = .*/\1/p' Cargo.toml | grep -vx default)
if [[ "$(printf '%s\n' "${features[@]}" | sort)" != "$(sort <<<"$named")" ]]; then
    printf 'the features of Cargo.toml are not those of %s\n' "$0" >&2
    exit 1
fi

sets=("" "${features[@]}")
for ((one = 0; one < ${#features[@]}; one++)); do
    for ((two = one + 1; two < ${#features[@]}; two++)); do
        sets+=("${features[one]},${features[two]}")
    done
done
for set in "${sets[@]}"; do
    if ! said=$(cargo check --quiet --package conclib --lib --no-default-features \
        --features "$set" 2>&1) || [[ -n $said ]]; then
        printf '%s\nwith the features `%s`\n' "$said" "$set" >&2
        exit 1
    fi
done
printf '%d sets of features compile\n' "${#sets[@]}"
