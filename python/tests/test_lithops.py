"""The published program for the older package, under Lithops, as it is printed.

paper_fastq.py is that text; bucket and endpoint are real ones of the test's server.
"""

from __future__ import annotations

import gzip
import os
import pathlib
import pickle
import subprocess
import sys

import dataplug
import pytest
from conftest import S3, reads
from dataplug import CloudObject
from dataplug.formats.genomics.fastq import FASTQGZip, partition_reads_batches

PROGRAM = pathlib.Path(__file__).with_name("paper_fastq.py").read_text()
READS = reads(20000)

# What a user has to add to see anything of the results: the program leaves before its tasks ran.
WITH_RESULT = PROGRAM.replace(
    "    fastq_reads = data_slice.get()\n",
    "    fastq_reads = data_slice.get()\n    return fastq_reads\n",
).replace(
    "    fexec.map(process_fastq_data, data_slices)\n",
    "    fexec.map(process_fastq_data, data_slices)\n    results = fexec.get_result()\n",
)
KEEP_RESULT = """
import pickle, sys
with open(sys.argv[1], "wb") as file:
    pickle.dump(results, file)
"""


def run(
    program: str, worker: str, tmp_path: pathlib.Path, *args: str, processes: int = 2
) -> subprocess.CompletedProcess[str]:
    """Runs a program whose Lithops starts that Python for its workers.

    Lithops 3.8 writes the modules that it ships for each task again, into the files that other
    tasks run from. So where it ships any, one process at a time works; with more, any package fails
    now and then.
    """
    (tmp_path / "program.py").write_text(program)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "lithops.yaml").write_text(
        "lithops: {backend: localhost, storage: localhost, monitoring_interval: 0.3}\n"
        f"localhost: {{runtime: {worker}, worker_processes: {processes}, version: 2}}\n"
    )
    env = {
        **os.environ,
        "LITHOPS_CONFIG_FILE": str(tmp_path / "lithops.yaml"),
        "TMPDIR": str(tmp_path / "tmp"),
    }
    return subprocess.run(
        [sys.executable, str(tmp_path / "program.py"), *args],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
    )


@pytest.fixture
def worker() -> str:
    """The Python of an environment that has Lithops, but no dataplug."""
    python = os.environ.get("DATAPLUG_TEST_WORKER")
    if python is None:
        pytest.skip("scripts/test-python makes the environment of workers")
    for module in ("dataplug", "_dataplug"):
        done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, cwd="/")
        assert b"ModuleNotFoundError" in done.stderr
    return python


@pytest.fixture
def genomics(s3_env: S3) -> str:
    return s3_env.put("genomics", "dataset.fastq.gz", gzip.compress(READS))


def serial(uri: str, num_batches: int) -> list[list[str]]:
    co = CloudObject.from_s3(FASTQGZip, uri)
    co.preprocess()
    return [one.get() for one in co.partition(partition_reads_batches, num_batches=num_batches)]


def test_program_runs_as_printed(genomics: str, worker: str, tmp_path: pathlib.Path) -> None:
    done = run(PROGRAM, worker, tmp_path)
    assert done.returncode == 0, done.stdout
    assert "200 activations" in done.stdout, done.stdout
    assert CloudObject.from_s3(FASTQGZip, genomics).is_preprocessed()


def results_of(
    program: str, worker: str, tmp_path: pathlib.Path, processes: int
) -> list[list[str]]:
    done = run(program + KEEP_RESULT, worker, tmp_path, str(tmp_path / "out"), processes=processes)
    assert done.returncode == 0, done.stdout
    results: list[list[str]] = pickle.loads((tmp_path / "out").read_bytes())
    return results


def test_program_gives_all_reads(genomics: str, tmp_path: pathlib.Path) -> None:
    results = results_of(WITH_RESULT, sys.executable, tmp_path, 2)
    assert len(results) == 200
    assert results == serial(genomics, 200)
    assert [line for part in results for line in part] == READS.decode().splitlines()


def test_program_gives_all_reads_on_workers_without_dataplug(
    genomics: str, worker: str, tmp_path: pathlib.Path
) -> None:
    program = WITH_RESULT.replace("num_batches=200", "num_batches=30")
    assert results_of(program, worker, tmp_path, 1) == serial(genomics, 30)


def test_job_of_ten_thousand_slices_is_below_the_limit(s3_env: S3) -> None:
    """Lithops refuses jobs whose items, serialised by it, take more than 4 MiB."""
    from lithops.constants import MAX_AGG_DATA_SIZE
    from lithops.job.serialize import SerializeIndependent

    url = s3_env.put("genomics", "dataset.fastq.gz", gzip.compress(reads(11000), 1))
    one = dataplug.open(url, meta="s3://genomics.meta", create_meta=True)
    slices = one.index(span=65536).partition("chunks", n=10000)
    items = [{"data_slice": part} for part in slices]
    size = sum(len(item) for item in SerializeIndependent([]).dumps(items))
    assert MAX_AGG_DATA_SIZE == 4
    assert len(slices) == 10000
    assert size < MAX_AGG_DATA_SIZE << 20


def test_errors_of_workers_come_back(s3_env: S3, worker: str, tmp_path: pathlib.Path) -> None:
    url = s3_env.put("errors", "dataset.fastq.gz", gzip.compress(READS))
    slices = dataplug.open(url).index().partition("chunks", n=1)
    s3_env.put("errors", "dataset.fastq.gz", gzip.compress(READS[:-200]))
    (tmp_path / "slices").write_bytes(pickle.dumps(slices))
    program = """
import pickle, sys
import dataplug
from lithops import FunctionExecutor
def count(data_slice):
    return sum(len(batch) for batch in data_slice.batches())
with FunctionExecutor() as fexec:
    fexec.map(count, pickle.load(open(sys.argv[1], "rb")))
    try:
        fexec.get_result()
    except dataplug.Stale as error:
        print("STALE", error.code, error)
"""
    done = run(program, worker, tmp_path, str(tmp_path / "slices"))
    assert f"STALE -8 {url}: " in done.stdout, done.stdout
