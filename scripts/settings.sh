# Settings of cargo for the tests. Scripts that share them build everything only once.
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
# Without incremental builds the target directory is half as large, and no slower:
# nothing is built twice here.
export CARGO_INCREMENTAL="${CARGO_INCREMENTAL:-0}"
# The tests panic thousands of times, on purpose. Without backtraces neither line tables nor symbols
# are of use, and the test programs build in four fifths of the time, half as large.
export RUST_BACKTRACE=0
export CARGO_PROFILE_DEV_DEBUG=false
export CARGO_PROFILE_DEV_STRIP=symbols

# Everything of the workspace is linted as it is compiled: a run of clippy alone would read all of it,
# and all crates of others, once more.
sysroot=$(rustc --print sysroot)
export RUSTC_WORKSPACE_WRAPPER="$sysroot/bin/clippy-driver"
# Arguments of clippy, as `cargo clippy` passes them on.
export CLIPPY_ARGS="-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__"
# The compiler's own allocator takes large pages, and the compiler a tenth less time. Of others,
# redis-server reads this too: tests run without.
export MALLOC_CONF="${MALLOC_CONF-thp:always}"
# Most tests wait: more of them run at a time than there are cores.
export RUST_TEST_THREADS="${RUST_TEST_THREADS:-12}"
