"""The turns and the table of benchmarks/original, which starts it beside an S3 server.

The original and dataplug index the same object of benchmarks/run, cut it into slices and evaluate
them, in a loop and under Lithops on this machine. They take turns, each step in a process of its
own; the figures are medians, and the last column is ours / theirs.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import boto3
from bench import FOLDER, ROOT, build, make_reads

WORKERS = 2
BUCKET = "reads"
SIDES = ("theirs", "ours")
CONFIG = """\
lithops: {{backend: localhost, storage: localhost, log_level: WARNING}}
localhost: {{runtime: {python}, worker_processes: {workers}, version: 2}}
"""


def surroundings(folder, side):
    """Of a process of one side: the server, Lithops' settings and a folder for what it leaves."""
    home = folder / "original" / side
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / "lithops.yaml").write_text(CONFIG.format(python=python_of(side), workers=WORKERS))
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": os.environ["DATAPLUG_TEST_S3"],
        "AWS_ACCESS_KEY_ID": os.environ["DATAPLUG_TEST_S3_ACCESS_KEY"],
        "AWS_SECRET_ACCESS_KEY": os.environ["DATAPLUG_TEST_S3_SECRET_KEY"],
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "LITHOPS_CONFIG_FILE": str(home / "lithops.yaml"),
        "HOME": str(home),
        "TMPDIR": str(home),
    }


def python_of(side):
    return ROOT / "build" / "original" / side / "bin" / "python"


def step(name, side, args):
    """What original_step.py says of it."""
    env = surroundings(args.folder, side)
    program = ROOT / "benchmarks" / "original_step.py"
    words = [python_of(side), program, name, args.uri, f"meta-of-{side}", str(args.slices)]
    done = subprocess.run(
        words, env=env, cwd=env["HOME"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"original: {name} of {side} ends with {done.returncode}\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def in_turns(name, runs, args):
    """side -> medians of what the step says."""
    taken = {side: [] for side in SIDES}
    for i in range(runs):
        for side in SIDES[:: -1 if i % 2 else 1]:
            taken[side].append(step(name, side, args))
    return {
        side: {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        for side, rows in taken.items()
    }


def put(reads):
    """The object, where both find it."""
    client = boto3.client(
        "s3",
        endpoint_url=os.environ["DATAPLUG_TEST_S3"],
        aws_access_key_id=os.environ["DATAPLUG_TEST_S3_ACCESS_KEY"],
        aws_secret_access_key=os.environ["DATAPLUG_TEST_S3_SECRET_KEY"],
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=BUCKET)
    client.upload_file(str(reads), BUCKET, reads.name)
    return f"s3://{BUCKET}/{reads.name}"


def digest_of(reads):
    with subprocess.Popen(["gzip", "-dc", reads], stdout=subprocess.PIPE) as source:
        return hashlib.file_digest(source.stdout, "sha256").hexdigest()


def line(what, taken, form="{:.2f}"):
    """One line of the table; taken: side -> figure."""
    texts = [form.format(taken[side]) for side in SIDES]
    ratio = taken["ours"] / taken["theirs"]
    print(f"{what:<34}{texts[0]:>14}{texts[1]:>14}{ratio:>11.3f}", flush=True)


def lines(what, medians, key, form="{:.2f}", scale=None):
    scale = scale or (lambda figure: figure)
    line(what, {side: scale(row[key]) for side, row in medians.items()}, form)


def compare_text(args, count, reads):
    """Whether the slices together are the file; before any clock runs."""
    digest = digest_of(reads)
    for side in SIDES:
        step("index", side, args)
        found = step("check", side, args)
        same = "the file's text" if found["sha256"] == digest else "NOT THE FILE'S TEXT"
        print(f"{side}: {found['lines'] / 4:.0f} of {count} reads, {same}", flush=True)


def compare_reads(what, medians, count):
    for side, row in medians.items():
        if row["reads"] != count:
            print(f"{side}, {what}: {row['reads']:.0f} READS, NOT {count}")


def compare(args, count, size):
    print(f"{'':<34}{'theirs':>14}{'ours':>14}{'of theirs':>11}")
    found = in_turns("index", args.runs, args)
    lines("index, CPU s", found, "cpu")
    lines("index, MB/s by CPU", found, "cpu", "{:.1f}", lambda s: size / s / 1e6)
    lines("index, wall s", found, "wall")
    lines("index, MB/s by wall", found, "wall", "{:.1f}", lambda s: size / s / 1e6)
    found = in_turns("loop", args.runs, args)
    lines("cut, slices", found, "slices", "{:.0f}")
    lines("cut, requests", found, "to cut", "{:.0f}")
    lines("cut, s", found, "cutting", "{:.3f}")
    lines("slices in a loop, requests", found, "requests", "{:.0f}")
    lines("slices in a loop, bytes", found, "bytes", "{:.0f}")
    lines("slices in a loop, bytes / object", found, "bytes", "{:.3f}", lambda sent: sent / size)
    lines("slices in a loop, s", found, "wall")
    lines("slices in a loop, CPU s", found, "cpu")
    compare_reads("loop", found, count)
    runs = args.runs if args.lithops_runs is None else args.lithops_runs
    if runs == 0:
        return
    found = in_turns("lithops", runs, args)
    lines(f"slices under Lithops, {WORKERS} workers, s", found, "wall")
    compare_reads("Lithops", found, count)


def main():
    args = argparse.ArgumentParser(prog="benchmarks/original", description=__doc__.splitlines()[0])
    args.add_argument("--runs", type=int, default=3)
    args.add_argument("--lithops-runs", type=int, help="0: none; the original takes minutes")
    args.add_argument("--megabytes", type=int, default=200)
    args.add_argument("--slices", type=int, default=200)
    args.add_argument("--folder", type=pathlib.Path, default=FOLDER)
    args = args.parse_args()
    args.folder = args.folder.resolve()
    args.folder.mkdir(parents=True, exist_ok=True)
    built = build(args.folder)
    reads, count = make_reads(args.folder, built / "benchmarks" / "genfq", args.megabytes)
    size = reads.stat().st_size
    args.uri = put(reads)
    print(
        f"{reads.name}: {size} bytes, {count} reads, {args.slices} slices; "
        f"medians of {args.runs} runs, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    compare_text(args, count, reads)
    compare(args, count, size)


main()
