#!/usr/bin/env python3
"""Turns the profiles of the strategy auto into a table in C; run by the build.

usage: make-profiles.py OUT.c PROFILE.json...

A profile is complete: every constant of dp__auto_profile, with its unit and where it is from. The first profile is
the default one.
"""
import json
import math
import re
import sys

# The fields of dp__auto_profile (src/strategies/auto_profile.h) and their units.
UNITS = {
    "first_byte": "s",
    "connection_rate": "B/s",
    "connections": "1",
    "range": "B",
    "worker_rate": "B/s",
    "get_rate": "1/s",
    "store_rate": "B/s",
    "start_burst": "1",
    "start_rate": "1/s",
    "start_rate_later": "1/s",
    "straggler": "1",
    "overhead": "s",
    "rate": "B/s",
    "full_speed": "B",
    "workers": "1",
    "memory": "B",
    "memory_fixed": "B",
    "memory_share": "1",
    "timeout": "s",
    "timeout_share": "1",
    "overhead_share": "1",
    "token": "B",
    "job": "B",
    "price_call": "USD",
    "price_gb_second": "USD/GB/s",
    "price_get": "USD",
    "price_put": "USD",
    "puts": "1",
}
# What the model divides by.
POSITIVE = {"connection_rate", "connections", "range", "worker_rate", "straggler", "rate", "workers", "memory",
            "memory_share", "timeout_share", "overhead_share"}


def constant_fault(name, constant):
    """What is wrong with one constant, None if nothing is."""
    if not isinstance(constant, dict) or set(constant) != {"value", "unit", "source"}:
        return "has not just a value, a unit and a source"
    value, unit, source = constant["value"], constant["unit"], constant["source"]
    if unit != UNITS[name]:
        return f"is in {unit}, not in {UNITS[name]}"
    if not isinstance(source, str) or not source.strip():
        return "has no source"
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        return "is no number from 0 up"
    if name in POSITIVE and not value:
        return "is 0"
    return None


def faults(profile):
    if set(profile) != {"name", "date", "doc", "constants"}:
        yield "has not just a name, a date, a doc and constants"
        return
    if not re.fullmatch(r"[a-z][a-z0-9-]*", profile["name"]):
        yield "the name is not like lambda-s3"
    if not re.fullmatch(r"\d{4}-\d\d", profile["date"]):
        yield "the date is not like 2026-11"
    if not re.fullmatch(r"[ -!#-\[\]-~]+", profile["doc"]):
        yield "the doc is not one line of ASCII without quotes and backslashes"
    constants = profile["constants"]
    yield from (f"{name} is missing" for name in UNITS if name not in constants)
    yield from (f"{name} is no constant of the model" for name in constants if name not in UNITS)
    for name in UNITS:
        fault = constant_fault(name, constants[name]) if name in constants else None
        if fault:
            yield f"{name} {fault}"


def row(profile):
    yield "\t{"
    for field in ("name", "date", "doc"):
        yield f'\t\t.{field} = "{profile[field]}",'
    for name in UNITS:
        yield f"\t\t.{name} = {float(profile['constants'][name]['value'])!r},"
    yield "\t},"


def table(profiles):
    yield "/* Made by scripts/make-profiles.py from src/strategies/profiles. */"
    yield '#include "strategies/auto_profile.h"'
    yield ""
    yield f"const char dp__auto_profile_names[] = \"{'|'.join(p['name'] for p in profiles)}\";"
    yield f"const char dp__auto_profile_default[] = \"{profiles[0]['name']}\";"
    yield "const dp__auto_profile dp__auto_profiles[] = {"
    for profile in profiles:
        yield from row(profile)
    yield "};"


def main(out, paths):
    profiles, bad = [], False
    for path in paths:
        with open(path, encoding="utf-8") as file:
            profiles.append(json.load(file))
        for fault in faults(profiles[-1]):
            bad = True
            print(f"{path}: {fault}", file=sys.stderr)
    if not bad and len({p["name"] for p in profiles}) < len(profiles):
        bad = True
        print("two profiles have one name", file=sys.stderr)
    if bad:
        return 1
    with open(out, "w", encoding="ascii") as file:
        file.write("\n".join(table(profiles)) + "\n")
    return 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
