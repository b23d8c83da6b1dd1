#!/usr/bin/env bash
# Runs all checks that a change has to pass.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/settings.sh
target="${CARGO_TARGET_DIR:-target}"

step() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

# Steps in the background, since the tests mostly wait. `finish` waits for one, and prints its output.
logs=$(mktemp -d)
declare -A beside=()
trap 'for pid in "${beside[@]}"; do kill -- "-$pid" || true; done; rm -rf "$logs"' EXIT
start() {
	# With a process group of its own.
	set -m
	"$1" >"$logs/$1" 2>&1 &
	set +m
	beside[$1]=$!
}
finish() {
	local status=0
	wait "${beside[$1]}" || status=$?
	unset "beside[$1]"
	cat "$logs/$1"
	return "$status"
}

python_peer() { scripts/python-peer.sh; }
feature_sets() { scripts/check-features.sh; }
documented_examples() { cargo test --workspace --all-features --doc; }
# These tests compile programs themselves, and read what the compiler says: without lints.
compile_errors() {
	cargo --config 'target."cfg(unix)".runner = ["env", "-u", "RUSTC_WORKSPACE_WRAPPER"]' \
		test --workspace --all-features --test ui
}
models() {
	MODEL_RUNS="${MODEL_RUNS:-100}" LOOM_MAX_PREEMPTIONS="${LOOM_MAX_PREEMPTIONS:-2}" \
		scripts/check-model.sh
}
documentation() {
	# What the documentation needs is compiled already, without clippy.
	unset RUSTC_WORKSPACE_WRAPPER
	export RUSTDOCFLAGS="-D warnings"
	cargo doc --workspace --all-features --no-deps
	cargo doc --package conclib --package conclib-test-dependencies --no-deps
	cargo doc --package conclib --package conclib-test-dependencies --no-default-features --no-deps
}

if [ "$(id -u)" != 0 ]; then
	step "SKIPPED without root: three tests of other users at a unix socket"
	export CONCLIB_TEST_WITHOUT_ROOT=1
fi

if ! command -v redis-server >/dev/null; then
	step "redis-server is missing, and installed"
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "test.sh: the tests need redis-server 7 or later: install it, on Debian as root by: apt-get install redis-server" >&2
		exit 1
	fi
	# The tests start servers of their own: that of the package must not run.
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends redis-server
fi
step "formatting"
cargo fmt --all --check

step "minimum Rust version is that of the toolchain file"
version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
grep -q "^channel = \"$version\.0\"" rust-toolchain.toml

step "imports run down, comments name their subject"
python3 scripts/check-floors.py
python3 scripts/check-english.py

start python_peer

# Includes the examples, which the tests run.
step "lints and test programs, all features"
cargo test --workspace --all-features --no-run
cargo build --workspace --all-features --bins

step "the original Python package, for the tests of its channel"
finish python_peer

start documented_examples
start compile_errors
start feature_sets
start models

step "tests, all features"
env -u MALLOC_CONF cargo test --workspace --all-features --lib --bins --tests -- --skip mistakes
step "examples of the documentation"
finish documented_examples
step "compile errors, which are tests too"
finish compile_errors

step "tests, no features"
cargo test --package conclib-test-bare

step "each feature alone, and all pairs"
finish feature_sets
start documentation

step "the models, in a short form"
finish models

step "documentation with all, default and no features"
finish documentation

step "the quickstart"
"$target/debug/examples/quickstart" --once

step "all checks passed"
