#!/usr/bin/env python3
"""Fails if a file includes a header that its layer may not see, or a library outside its home."""
import pathlib
import re
import sys

# The first prefix that fits gives the layer; a file includes only its own layer and lower ones.
LAYERS = [
    ("include/dataplug/", 0),
    ("src/core/base/", 1),
    ("src/core/io/", 2),
    ("src/core/index/", 3),
    ("src/formats/", 4),
    ("src/strategies/", 4),
    ("src/core/engine/", 5),
    ("src/core/map/", 6),
    ("tools/", 7),
    ("python/", 7),
    ("tests/", 9),
    ("benchmarks/", 9),
]
# Header of a library: the only places that may include it, tests apart.
HOMES = {
    "sqlite3.h": ("src/core/index/sql.c",),
    "jansson.h": ("src/core/", "src/formats/", "tools/"),
    "zlib.h": ("src/core/base/digest.c",),
    "libdeflate.h": ("src/core/base/digest.c", "src/formats/window.c", "tools/bgzip.c"),
    "openssl/": ("src/core/base/digest.c",),
    "expat.h": ("src/core/io/xml.c",),
    "dlfcn.h": ("src/core/",),
    "curl/": ("src/core/io/http",),
    "Python.h": ("python/native/",),
}
# Same number, but strangers to each other.
STRANGERS = ("src/formats/", "src/strategies/")


def layer(path):
    return next((n for prefix, n in LAYERS if path.startswith(prefix)), None)


def target(quote, name):
    """The project's own file behind an include; None if it is the system's, or of the same folder."""
    if name.startswith("dataplug/"):
        return "include/" + name
    return "src/" + name if quote == '"' and "/" in name else None


def faults(path, quote, name):
    for head, homes in HOMES.items():
        if name.startswith(head) and not path.startswith(homes + ("tests/",)):
            yield f"{name} belongs in {' '.join(homes) or 'no file'} only"
    to = target(quote, name)
    if path.startswith("python/") and to and not to.startswith("include/"):
        yield f"python knows the public headers only: {name}"
    mine, theirs = layer(path), layer(to) if to else None
    if mine is None or theirs is None:
        return
    if theirs > mine:
        yield f"layer {mine} may not include {name} of layer {theirs}"
    elif {path.startswith(s) for s in STRANGERS} == {True, False} and mine == theirs:
        mine_is, theirs_is = (next(s for s in STRANGERS if p.startswith(s)) for p in (path, to))
        if mine_is != theirs_is:
            yield f"{mine_is} and {theirs_is} do not know each other: {name}"


def main(root):
    bad = 0
    for top in ("include", "src", "tools", "python", "tests", "benchmarks"):
        for file in sorted((root / top).rglob("*.[ch]")):
            path = file.relative_to(root).as_posix()
            for number, line in enumerate(file.read_text().splitlines(), 1):
                found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
                for fault in faults(path, *found.groups()) if found else ():
                    bad += 1
                    print(f"{path}:{number}: {fault}")
    return 1 if bad else 0


sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
