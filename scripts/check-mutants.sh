#!/usr/bin/env bash
# Makes small changes to conclib-core, one at a time, in a copy of the tree, and
# runs the tests. mutants.out/missed.txt lists the changes that no test noticed:
# a test is missing, or the change makes no difference.
#
#   scripts/check-mutants.sh                                  the most important files, hours
#   scripts/check-mutants.sh --shard 0/20                     a twentieth of them
#   scripts/check-mutants.sh actor/stop.rs                    one file
#   scripts/check-mutants.sh actor/stop.rs -- stop families   with these tests only
#
# Paths of files are relative to conclib-core/src. Tests are selected by parts of
# their names, which begin with the modules of tests/local and tests/remote.
# Without a selection all tests of these two and of the crate itself run. Other
# options are passed to cargo-mutants.
# Needs cargo-mutants: cargo install --locked cargo-mutants
set -euo pipefail
cd "$(dirname "$0")/.."

files=() options=() tests=()
while (($#)) && [[ $1 != -- ]]; do
    case $1 in
    *.rs) files+=("$1") ;;
    *) options+=("$1") ;;
    esac
    shift
done
if (($#)); then
    shift
    tests=("$@")
fi
if ((${#files[@]} == 0)); then
    files=(actor/{admit,birth,cell,ending,kin,lanes,life,mailbox,mortal,next,order}.rs
        actor/{restart,stop,supervise,weak}.rs waits.rs 'waits/*.rs' deadline.rs due.rs
        'call/*.rs' 'reply/*.rs' pool/route.rs 'topic/*.rs')
fi

exec cargo mutants --package conclib-core \
    "${files[@]/#/--file=conclib-core/src/}" \
    --cargo-arg=--package=conclib \
    --cargo-arg=--no-default-features \
    --cargo-arg=--features=conclib/macros,conclib/testing,conclib/net,conclib/apid,conclib/metrics \
    --cargo-arg=--lib \
    --cargo-arg=--test=local \
    --cargo-arg=--test=lives \
    --cargo-arg=--test=remote \
    "${options[@]}" \
    -- -- "${tests[@]}"
