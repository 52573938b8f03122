#!/usr/bin/env python3
"""Fails if a file, a function, its complexity or its list of parameters is too long.

scripts/shape-exceptions names what may be: "FILE FUNCTION REASON", a file's own length as FUNCTION "-".
An exception that is no longer needed fails too.
"""
import json
import pathlib
import re
import subprocess
import sys

FILE, FUNCTION, COMPLEXITY, PARAMETERS, COLUMNS = 600, 60, 15, 6, 100
TAB = 8


def exceptions(root):
    allowed = {}
    for line in (root / "scripts/shape-exceptions").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            path, function, reason = line.split(None, 2)
            allowed[path, function] = reason
    return allowed


def functions(files):
    """Length and parameters of every function, from ctags."""
    done = subprocess.run(["ctags", "--output-format=json", "--fields=+neS", "--c-kinds=f", "-f", "-", *files],
                          capture_output=True, text=True, check=True)
    for tag in map(json.loads, done.stdout.splitlines()):
        inner = re.sub(r"\([^()]*\)", "", tag.get("signature", "()")[1:-1])
        count = 0 if inner.strip() in ("", "void") else inner.count(",") + 1
        yield tag["path"], tag["name"], tag["end"] - tag["line"] + 1, count


def complexities(files):
    done = subprocess.run(["pmccabe", *files], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        field = line.split("\t")
        yield field[5].split("(")[0], field[-1], int(field[0])


def columns(line):
    return len(line.expandtabs(TAB))


def faults(files):
    for path in files:
        lines = pathlib.Path(path).read_text().splitlines()
        if len(lines) > FILE:
            yield path, "-", f"{len(lines)} lines, at most {FILE}"
        for number, line in enumerate(lines, 1):
            if columns(line) > COLUMNS:
                yield path, f"line-{number}", f"{columns(line)} columns, at most {COLUMNS}"
    for path, name, length, parameters in functions(files):
        if length > FUNCTION:
            yield path, name, f"{length} lines, at most {FUNCTION}"
        if parameters > PARAMETERS:
            yield path, name, f"{parameters} parameters, at most {PARAMETERS}"
    for path, name, complexity in complexities([f for f in files if f.endswith(".c")]):
        if complexity > COMPLEXITY:
            yield path, name, f"complexity {complexity}, at most {COMPLEXITY}"


def main(root):
    allowed, used, bad = exceptions(root), set(), 0
    tops = ("include", "src", "tools", "python", "tests", "benchmarks", "examples")
    files = sorted(str(f) for top in tops for f in (root / top).rglob("*.[ch]"))
    for path, function, fault in faults(files):
        if (path, function) in allowed:
            used.add((path, function))
        else:
            bad += 1
            print(f"{path}: {function}: {fault}")
    for path, function in sorted(set(allowed) - used):
        bad += 1
        print(f"scripts/shape-exceptions: {path} {function} is not needed any more")
    return 1 if bad else 0


sys.exit(main(pathlib.Path(".")))
