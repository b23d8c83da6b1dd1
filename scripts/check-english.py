#!/usr/bin/env python3
"""Prints the share of comments that begin with a relative or a pronoun, and the
files with most of them. A comment begins with a noun or with a verb in the
third person, and names its subject. Fails above the limit."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Percent.
LIMIT = 3
WORDS = (
    "What Whatever Whether Who Whoever Whom Whose Which How Where When Why It Its They "
    "Those These There He One Nobody Somebody Everybody Else As"
).split()
OPENING = re.compile(rf"(?:{'|'.join(WORDS)})\b")
COMMENT = re.compile(r"\s*//[/!]?\s?(.*)$")
FOLDERS = ["conclib-*/src", "conclib-*/tests", "src", "tests", "examples", "fuzz/checks"]


def first_lines(path):
    """First line of each block of comments."""
    inside = False
    for line in path.read_text(errors="replace").splitlines():
        match = COMMENT.match(line)
        text = match[1].strip() if match else ""
        if text and not inside:
            yield text
        inside = bool(text)


def main():
    counts = []
    for folder in FOLDERS:
        for path in sorted(p for top in ROOT.glob(folder) for p in top.rglob("*.rs")):
            lines = list(first_lines(path))
            bad = [line for line in lines if OPENING.match(line)]
            counts.append((len(bad), len(lines), path.relative_to(ROOT), bad))
    bad, total = (sum(count[at] for count in counts) for at in (0, 1))
    share = 100 * bad / max(total, 1)
    print(f"{bad} of {total} comments begin with a relative or a pronoun ({share:.1f} %)")
    for bad, total, path, lines in sorted(counts, key=lambda count: -count[0])[:8]:
        if bad:
            print(f"  {bad:3} of {total:3} in {path}: {lines[0]}")
    return share > LIMIT


if __name__ == "__main__":
    sys.exit(main())
