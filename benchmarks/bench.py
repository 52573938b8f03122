"""What the benchmarks share: a build, made-up reads, and programs that are measured in turns."""
import os
import pathlib
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


def build(folder):
    """A release build; gives the folder of its programs: tools/dataplug, benchmarks/genfq ..."""
    where = folder / "build"
    if not (where / "build.ninja").exists():
        subprocess.run(["meson", "setup", where, ROOT, "--buildtype=release", "-Dtests=disabled",
                        "-Dbenchmarks=true"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["meson", "compile", "-C", where], check=True, stdout=subprocess.DEVNULL)
    return where


def make_reads(folder, genfq, megabytes):
    """The file of reads, and how many there are."""
    reads = int(megabytes * 1e6 / GZIP_BYTES_A_READ)
    path = folder / f"novaseq-{megabytes}.fastq.gz"
    if not path.exists():
        print(f"making {path.name} ...", file=sys.stderr)
        with open(folder / "making", "wb") as out:
            source = subprocess.Popen([genfq, str(reads), str(SEED)], stdout=subprocess.PIPE)
            subprocess.run(["gzip", "-6", "-c"], stdin=source.stdout, stdout=out, check=True)
            if source.wait():
                raise RuntimeError("genfq failed")
        (folder / "making").rename(path)
    return path, reads


def hold_in_memory(path):
    subprocess.run(["cksum", path], check=True, stdout=subprocess.DEVNULL)
