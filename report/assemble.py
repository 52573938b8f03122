#!/usr/bin/env python3
"""Puts the report's page together, and makes C of it.

usage: assemble.py page.html OUT.html    the template, with style and scripts in it (report/README.md)
       assemble.py OUT.html OUT.c        the template as bytes, for the command line

The same files give the same bytes.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
PLACE = "@DATAPLUG_REPORT@"
SCRIPTS = ["numbers", "dom", "model", "view", "shares", "rows", "input", "slicemap", "gantt", "workers",
           "charts", "overtime", "spread", "perslice", "facts", "tables", "main"]


def read(name):
    return (HERE / name).read_text(encoding="utf-8")


def style():
    return read("vendor/uPlot.min.css") + "\n" + read("report.css")


def script():
    own = "\n".join(read(f"js/{name}.js") for name in SCRIPTS)
    # A licence that stands in a comment must not end it.
    licence = read("vendor/uPlot.LICENSE").replace("*/", "* /")
    return (f"/* uPlot, which follows:\n{licence}*/\n{read('vendor/uPlot.iife.min.js')}\n"
            f"(() => {{\n'use strict';\n\n{own}}})();")


def assemble():
    parts = {"@STYLE@": style(), "@SCRIPT@": script()}
    for name, text in parts.items():
        if re.search(r"</(script|style)|<!--", text, re.I):
            raise SystemExit(f"assemble.py: {name} would end its element")
    page = re.sub("|".join(parts), lambda found: parts[found.group()], read("page.html"))
    if page.count(PLACE) != 1:
        raise SystemExit(f"assemble.py: {PLACE} must stand once in the page")
    return page


def as_c(page):
    before, after = page.split(PLACE.encode())
    rows = [page[i:i + 16] for page in (before + after,) for i in range(0, len(page), 16)]
    body = "\n".join("\t" + ",".join(map(str, row)) + "," for row in rows)
    return (f'/* Made by report/assemble.py. */\n#include <stddef.h>\n\n'
            f"const size_t report_page_len = {len(before + after)};\n"
            f"const size_t report_page_place = {len(before)};\n"
            f"const unsigned char report_page[] = {{\n{body}\n}};\n")


def main(source, out):
    out = pathlib.Path(out)
    if out.suffix == ".c":
        out.write_text(as_c(pathlib.Path(source).read_bytes()), encoding="utf-8")
    else:
        out.write_text(assemble(), encoding="utf-8", newline="\n")


main(*sys.argv[1:])
