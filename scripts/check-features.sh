#!/usr/bin/env bash
# Compiles conclib without features, with each feature alone and with each pair of
# them: a feature must not need another one that it does not enable, nor give a
# warning.
set -euo pipefail
cd "$(dirname "$0")/.."
# All of it is linted with all features, and warnings of the compiler are seen without clippy.
unset RUSTC_WORKSPACE_WRAPPER

features=(macros net apid held process redis metrics testing)
# Each of these enables some of the above, and adds nothing elsewhere: no pairs.
added=(directory tls)
named=$(sed -n '/^\[features\]/,/^\[/s/^\([a-z_]*\) = .*/\1/p' Cargo.toml | grep -vx default)
if [[ "$(printf '%s\n' "${features[@]}" "${added[@]}" | sort)" != "$(sort <<<"$named")" ]]; then
    printf 'the features of Cargo.toml are not those of %s\n' "$0" >&2
    exit 1
fi

check() {
    local said
    if ! said=$(cargo check --quiet --lib "$@" --no-default-features 2>&1) || [[ -n $said ]]; then
        printf '%s\nwith: %s\n' "$said" "$*" >&2
        exit 1
    fi
}

# Here the macros have the features that they ask for themselves.
check --package conclib --features macros
# From here on they have those that all macros ask for, and are built already.
check --package conclib --package conclib-test-macros
for one in "${features[@]:1}" "${added[@]}"; do
    check --package conclib --package conclib-test-macros --features "conclib/$one"
done
# A feature that a crate below lacks was found above. For the pairs these crates have all of
# theirs, and are checked once.
for ((one = 0; one < ${#features[@]}; one++)); do
    for ((two = one + 1; two < ${#features[@]}; two++)); do
        check --package conclib --package conclib-test-crates \
            --features "conclib/${features[one]},conclib/${features[two]}"
    done
done
# A program whose messages stay in its process builds no codec and no socket.
built=$(cargo tree --package conclib --no-default-features --features macros,held,metrics,testing \
    --edges normal --prefix none)
if grep -E '^(bincode|serde_json|socket2|conclib-net) ' <<<"$built"; then
    printf 'the above are built without the features net and process\n' >&2
    exit 1
fi
echo "no feature, each alone, and all pairs compile"
