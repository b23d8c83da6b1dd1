#!/usr/bin/env bash
# Compares the allocations, instructions and locks of each operation with those of another
# commit, and fails if one of them has grown by more than three percent:
# scripts/check-cost.sh COMMIT [arguments of `conclib-bench cost`, such as --only tell-1-bounded,ask].
# Both are counted on this machine, since instructions differ between processors. Needs
# valgrind, and some minutes to build each program with all optimisations.
set -euo pipefail
cd "$(dirname "$0")/.."
commit="${1:?the commit to compare with}"
shift
work=$(mktemp -d)
trap 'rm -rf "$work"; git worktree prune' EXIT
git worktree add --quiet --detach "$work/tree" "$commit"

count() {
	(cd "$1" && cargo run --release --quiet -p conclib-bench -- cost --json --libs conclib "${@:2}")
}
count "$work/tree" "$@" >"$work/before"
count . "$@" >"$work/after"

python3 - "$work/before" "$work/after" <<'PYTHON'
import json, sys

def counts(path):
    """Counts of conclib by scenario and kind."""
    with open(path) as lines:
        figures = [json.loads(line) for line in lines]
    return {
        (line["scenario"], kind): line[kind]["conclib"]
        for line in figures
        for kind in ("allocations", "instructions", "locks")
        if "conclib" in line.get(kind, {})
    }

before, after = map(counts, sys.argv[1:])
grown = False
for count in sorted(before.keys() & after.keys()):
    old, new = before[count], after[count]
    # Less than half a count is the share of something rare, like a longer queue.
    more = new > old * 1.03 and new - old >= 0.5
    grown |= more
    print(f"{count[0]:24} {count[1]:13} {old:10.1f} {new:10.1f}{'  GROWN' if more else ''}")
missing = before.keys() - after.keys()
for scenario, kind in missing:
    print(f"{scenario}: {kind} were not counted")
if not before or missing or grown:
    sys.exit("costs have grown, or could not be counted")
PYTHON
