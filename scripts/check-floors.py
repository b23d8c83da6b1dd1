#!/usr/bin/env python3
"""Checks that imports run down.

The crates of the workspace depend only on crates of a lower floor. The docs of
a crate's lib.rs may list the floors of its modules, lowest first, as lines of
the form "1. `name`, `name`"; a module then imports only from lower floors.
Files that import each other form a group, whose size has a limit.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Crates, lowest floor first.
CRATES = [
    ["conclib-wire", "conclib-macros"],
    ["conclib-core"],
    ["conclib-testing", "conclib-held", "conclib-net"],
    ["conclib-process"],
    ["conclib-apid", "conclib-redis"],
    ["conclib"],
]

# Files and lines of the largest group of files that import each other.
GROUPS = {"conclib-core": (12, 2000), "conclib-redis": (5, 1000)}
GROUP = (4, 2000)

# Test files and models may import anything.
TESTS = {"model", "modelled", "tests", "test"}

USE = re.compile(r"^[ \t]*(?:pub(?:\([^)]*\))? )?use ([^;]+);", re.M)
ITEM = re.compile(
    r"^(?:    )?(?:pub(?:\([^)]*\))? )?(?:const |async )?"
    r"(?:fn|struct|enum|trait|type|const|static) (\w+)",
    re.M,
)
INLINE = re.compile(r"(?<![\w:])(?:crate|super)(?:::\w+)+")


def leaves(tree, prefix=()):
    """Paths of one `use` statement."""
    tree = tree.strip()
    head, brace, rest = tree.partition("{")
    if not brace:
        path = re.sub(r"\s+as\s+\w+$", "", tree)
        yield prefix + tuple(path.split("::"))
        return
    if "}" not in rest:
        return
    prefix += tuple(part for part in head.strip().split("::") if part)
    depth, part = 0, ""
    for char in rest[: rest.rindex("}")]:
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            yield from leaves(part, prefix)
            part = ""
        else:
            part += char
    if part.strip():
        yield from leaves(part, prefix)


class Crate:
    """The modules of a crate, with what they define and import."""

    def __init__(self, name):
        self.name = name
        self.src = ROOT / ("src" if name == "conclib" else f"{name}/src")
        self.files, self.text = {}, {}
        for path in sorted(self.src.rglob("*.rs")):
            module = path.relative_to(self.src).with_suffix("").parts
            if TESTS & set(module):
                continue
            if module[-1] in ("mod", "lib"):
                module = module[:-1]
            self.files[module] = path
            code = re.sub(r"//[^\n]*", "", path.read_text())
            # The tests at the end of a file.
            self.text[module] = re.split(r"#\[cfg\((?:all\()?test", code)[0]
        self.items = {module: set(ITEM.findall(text)) for module, text in self.text.items()}
        self.faces = {module: self.face(module) for module in self.files}

    def face(self, module):
        """Names that a module re-exports, with their paths."""
        uses = USE.findall(self.text[module])
        return {path[-1]: path for use in uses for path in leaves(use)}

    def absolute(self, module, path):
        if path[0] == "crate":
            return path[1:]
        base = module
        while path and path[0] == "super":
            base, path = base[:-1], path[1:]
            if not path:
                return base
        if path[0] == "self":
            return base + path[1:]
        if base != module or base + path[:1] in self.files:
            return base + path
        return None

    def target(self, module, path, depth=0):
        """Module that defines the item of a path."""
        path = self.absolute(module, path)
        if path is None or depth > 9:
            return None
        end = next((n for n in range(len(path), -1, -1) if path[:n] in self.files), 0)
        home, name = path[:end], path[end : end + 1]
        if not name or name[0] in self.items[home] or name[0] in ("*", "self"):
            return home
        onward = self.faces[home].get(name[0])
        return self.target(home, onward, depth + 1) if onward else home

    def imports(self):
        """Pairs of a module and a module that it imports from."""
        for module, text in self.text.items():
            # What a face re-exports is no import of its own.
            code = re.sub(r"^pub(?:\([^)]*\))? use [^;]+;", "", text, flags=re.M)
            paths = [path for use in USE.findall(code) for path in leaves(use)]
            code = USE.sub("", code)
            paths += [tuple(path.split("::")) for path in INLINE.findall(code)]
            for path in paths:
                target = self.target(module, path)
                if target is not None and target != module and target:
                    yield module, target

    def floors(self):
        docs = [line for line in self.files[()].read_text().splitlines() if line.startswith("//!")]
        floors = {}
        for line in docs:
            match = re.match(r"//! +(\d+)\. (.*)", line)
            if match:
                for name in re.findall(r"`(\w+)`", match[2]):
                    floors[name] = int(match[1])
        return floors


def groups(edges, nodes):
    """Groups of nodes that reach each other."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            found.append(stack[at:])
            del stack[at:]

    sys.setrecursionlimit(10_000)
    for node in nodes:
        if node not in index:
            visit(node)
    return [group for group in found if len(group) > 1]


def check_crates():
    floor = {name: at for at, names in enumerate(CRATES) for name in names}
    for name in floor:
        manifest = ROOT / ("Cargo.toml" if name == "conclib" else f"{name}/Cargo.toml")
        section = re.search(r"^\[dependencies\]\n(.*?)(?=^\[)", manifest.read_text(), re.M | re.S)
        for used in re.findall(r"^(conclib[\w-]*)", section[1] if section else "", re.M):
            if floor.get(used, 99) >= floor[name]:
                yield f"{name} depends on {used}, which is not below it"


def check_modules(crate):
    floors = crate.floors()
    edges = {}
    for module, target in crate.imports():
        edges.setdefault(module, set()).add(target)
        if not module or not floors:
            continue
        here, there = floors.get(module[0]), floors.get(target[0])
        where = f"{crate.name}: `{'::'.join(module)}` imports from `{'::'.join(target)}`"
        if here is None or there is None:
            missing = module[0] if here is None else target[0]
            yield f"{crate.name}: the docs of lib.rs give no floor to `{missing}`"
        elif there > here:
            yield f"{where}, which is {there - here} floors above it"
        elif there == here and module[0] != target[0]:
            yield f"{where}, which is another module of the same floor"
    files, lines = GROUPS.get(crate.name, GROUP)
    for group in groups(edges, crate.files):
        length = sum(len(crate.files[module].read_text().splitlines()) for module in group)
        if len(group) > files or length > lines:
            names = ", ".join(sorted("::".join(module) for module in group))
            yield f"{crate.name}: {len(group)} files with {length} lines import each other: {names}"


def main():
    found = list(check_crates())
    for names in CRATES:
        for name in names:
            found += sorted(set(check_modules(Crate(name))))
    print("\n".join(found) or "imports run down")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
