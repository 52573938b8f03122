"""What the benchmarks share: a build, made-up reads, and programs that are measured in turns."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build-bench"
GZIP_BYTES_A_READ = 74.2  # of genfq's reads after gzip -6
SEED = 1


def measure(command, note):
    """Wall seconds, CPU seconds and peak MiB of one command; note is a file for time(1) to write to.

    A child's peak, as the kernel keeps it, begins with that of the process that forked it: time's is small.
    """
    words = ["time", "-f", "%M", "-o", note, *command]
    begin = time.monotonic()
    process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)  # time and what it started
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - begin
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, int(note.read_text().split()[-1]) / 1024


def race(commands, runs, note):
    """name -> what measure() says of each run, None for a command that is None or failed.

    The commands take turns, and every other round runs backwards, so that none is always first.
    """
    taken = {name: [] if command else None for name, command in commands.items()}
    for i in range(runs):
        for name, command in list(commands.items())[::-1 if i % 2 else 1]:
            if taken[name] is None:
                continue
            try:
                taken[name].append(measure(command, note))
            except (OSError, RuntimeError) as why:
                print(f"{name}: {why}", file=sys.stderr)
                taken[name] = None
    return taken


def medians(rows):
    """Of wall, CPU and memory."""
    return tuple(map(statistics.median, zip(*rows)))


def ratios(over, under, figure):
    """What each round's rows give, sorted; figure 0 is wall, 1 is CPU, 2 is memory."""
    return sorted(a[figure] / b[figure] for a, b in zip(over, under))


def start(description, runs, groups=("build", "bench")):
    """Takes the command line, installs groups of packages and builds.

    Gives the arguments and the folder of built programs. However the user ends the benchmark, what
    it runs ends too, and no setting of the user's changes what is measured.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER)
    args = parser.parse_args()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    for name in [name for name in os.environ if name.startswith("DATAPLUG_")]:
        del os.environ[name]
    args.folder = args.folder.resolve()
    args.folder.mkdir(parents=True, exist_ok=True)
    if subprocess.run([ROOT / "scripts" / "deps", *groups]).returncode:
        sys.exit(1)  # it says what to type
    return args, build(args.folder)


def build(folder):
    """A release build; gives the folder of its programs: tools/dataplug, benchmarks/genfq ..."""
    where = folder / "build"
    if not (where / "build.ninja").exists():
        shutil.rmtree(where, ignore_errors=True)  # meson does not go on from half a setup
        subprocess.run(["meson", "setup", where, ROOT, "--buildtype=release", "-Dtests=disabled",
                        "-Dbenchmarks=true"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["meson", "compile", "-C", where], check=True, stdout=subprocess.DEVNULL)
    return where


def install(folder, package):
    """A package of PyPI in an environment of its own: its programs' folder, or None."""
    venv = folder / f"venv-{package}"
    whole = venv / "whole"
    if not whole.exists():
        shutil.rmtree(venv, ignore_errors=True)
        pip = [venv / "bin" / "pip", "install", "-q", "--disable-pip-version-check", package]
        for command in ([sys.executable, "-m", "venv", venv], pip):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{package}: {(done.stdout + done.stderr).strip()[-300:]}", file=sys.stderr)
                return None
        whole.touch()
    return venv / "bin"


def compress(path, source, compressor=("gzip", "-6", "-c")):
    """Makes path of what source prints, whole or not at all, unless it is there."""
    if path.exists():
        return
    print(f"making {path.name} ...", file=sys.stderr)
    making = path.with_name("making")
    with open(making, "wb") as out:
        printer = subprocess.Popen([str(word) for word in source], stdout=subprocess.PIPE)
        subprocess.run(compressor, stdin=printer.stdout, stdout=out, check=True)
        if printer.wait():
            raise RuntimeError(f"{source[0]} failed")
    making.rename(path)


def make_reads(folder, genfq, megabytes):
    """The file of reads, and how many there are."""
    reads = int(megabytes * 1e6 / GZIP_BYTES_A_READ)
    path = folder / f"novaseq-{megabytes}.fastq.gz"
    compress(path, [genfq, reads, SEED])
    return path, reads


def hold_in_memory(path):
    subprocess.run(["cksum", path], check=True, stdout=subprocess.DEVNULL)


def size_of(path):
    files = [f for f in path.rglob("*") if f.is_file()] if path.is_dir() else [path]
    return sum(f.stat().st_size for f in files)


def price(dataplug, meta, reads, *params):
    """What 200 slices cost: slices, requests, bytes, needed."""
    done = subprocess.run([dataplug, "partition", "--meta", meta, reads, "chunks", "n=200", *params,
                           "--json", "-o", meta.with_name("slices.jsonl")],
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)
