#!/usr/bin/env python3
"""Fails if an identifier of the core names a format: src/core must not know any."""
import pathlib
import re
import sys

# "line" is not among them: logs, tokens and help texts are lines too.
WORDS = {"gzip", "gz", "bgzf", "deflate", "inflate", "fastq", "fasta", "csv", "vcf", "bam", "imzml", "las", "laz",
         "copc", "tiff", "tile", "tiles", "point", "points", "spectrum", "spectra"}
# Comments, strings and characters name formats freely.
QUIET = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.S)


def blank(match):
    return "\n" * match.group().count("\n")


def main(root):
    bad = 0
    for file in sorted((root / "src/core").rglob("*.[ch]")):
        for number, line in enumerate(QUIET.sub(blank, file.read_text()).splitlines(), 1):
            if line.lstrip().startswith("#"):
                continue
            for name in re.findall(r"[A-Za-z_]\w*", line):
                if WORDS & set(name.lower().split("_")):
                    bad += 1
                    print(f"{file.relative_to(root)}:{number}: {name} names a format")
    return 1 if bad else 0


sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
