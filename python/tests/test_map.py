"""dataplug.map on executors of the standard library: order, retries, splits, errors as values."""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import threading

import dataplug
import pytest
from dataplug import TaskError


@pytest.fixture
def slices(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(b"".join(b"line %d\n" % i for i in range(1000)))
    return dataplug.open(path, format="lines").index().partition("chunks", n=7)


@pytest.fixture
def executor():
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        yield pool


def read(data_slice):
    return data_slice.read()


def test_results_come_in_order_with_what_they_cost(executor, slices):
    results = dataplug.map(executor, read, slices)
    assert b"".join(results) == b"".join(b"line %d\n" % i for i in range(1000))
    assert not results.errors
    assert all(task.attempts == 1 and task.pieces == 1 for task in results.tasks)
    # Tasks that run at once are not counted for each other.
    assert [task.bytes for task in results.tasks] == [s.price.bytes for s in slices]
    assert [task.requests for task in results.tasks] == [s.price.requests for s in slices]


def test_functions_may_return_what_is_false(executor, slices):
    assert dataplug.map(executor, lambda _: None, slices) == [None] * 7


def test_exceptions_are_values_after_one_try(executor, slices):
    def fail(data_slice):
        if data_slice.selection.first == 0:
            raise KeyError("none")
        return 1

    results = dataplug.map(executor, fail, slices)
    assert results[1:] == [1] * 6
    assert isinstance(results[0], TaskError)
    assert results[0].kind == "user"
    assert results[0].attempts == 1
    assert "KeyError" in results[0].message
    assert results.errors == [results[0]]


def test_transient_errors_are_tried_again(executor, slices, monkeypatch):
    monkeypatch.setattr("dataplug._mapping._BACKOFF", 0.01)
    seen, lock = {}, threading.Lock()

    def sometimes(data_slice):
        with lock:
            seen[data_slice] = seen.get(data_slice, 0) + 1
        if seen[data_slice] < 3:
            raise dataplug.Transient("busy")
        return 1

    results = dataplug.map(executor, sometimes, slices)
    assert results == [1] * 7
    assert {task.attempts for task in results.tasks} == {3}


def test_transient_errors_that_stay_are_values(executor, slices, monkeypatch):
    monkeypatch.setattr("dataplug._mapping._BACKOFF", 0.01)

    def busy(_):
        raise dataplug.Transient("busy")

    results = dataplug.map(executor, busy, slices[:1], retries=2)
    assert results[0].kind == "transient"
    assert results[0].attempts == 3


def test_changed_objects_are_tried_once(executor, slices, tmp_path):
    (tmp_path / "x.txt").write_bytes(b"other\n")
    results = dataplug.map(executor, read, slices)
    assert {error.kind for error in results} == {"DP_ESTALE"}
    assert {task.attempts for task in results.tasks} == {1}


@pytest.mark.parametrize("error", [MemoryError, TimeoutError])
def test_slices_that_are_too_large_are_split(executor, slices, error):
    def small_only(data_slice):
        if data_slice.selection.records > 40:
            raise error("too large")
        return data_slice.read()

    results = dataplug.map(executor, small_only, slices, merge=b"".join)
    assert b"".join(results) == b"".join(b"line %d\n" % i for i in range(1000))
    assert {task.pieces for task in results.tasks} == {4}


def test_pieces_come_in_order_without_a_merge(executor, slices):
    def small_only(data_slice):
        if data_slice.selection.records > 100:
            raise MemoryError
        return data_slice.selection.first

    results = dataplug.map(executor, small_only, slices)
    assert [list(value) for value in results[:2]] == [[0, 71], [142, 213]]


def test_splitting_ends(executor, slices):
    def never(_):
        raise MemoryError("too large")

    results = dataplug.map(executor, never, slices[:1], split_depth=1)
    assert [error.kind for error in results.errors] == ["memory", "memory"]
    merged = dataplug.map(executor, never, slices[:1], split_depth=1, merge=sum)
    assert merged[0].kind == "memory"


def test_no_executor_is_told(slices):
    with pytest.raises(TypeError, match="executor"):
        dataplug.map(object(), read, slices)


def test_processes(slices):
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        results = dataplug.map(pool, read, slices)
    assert b"".join(results) == b"".join(b"line %d\n" % i for i in range(1000))


def crash(data_slice):
    if data_slice.selection.first == 0:
        os._exit(3)
    return 1


def test_crashes_of_processes_do_not_hang(slices):
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        results = dataplug.map(pool, crash, slices)
    assert isinstance(results[0], TaskError)


# ---- the page of a job ----


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(), re.S)[1])


def test_report_has_the_numbers_of_the_job(executor, slices, tmp_path):
    def fail(data_slice):
        if data_slice.selection.first == 0:
            raise KeyError("</script>")
        return data_slice.read()

    bad = dataplug.Slice('{"v":1}')
    results = dataplug.map(executor, fail, [*slices, bad])
    page = tmp_path / "job.html"
    results.report(page)
    data = data_of(page)
    assert data["job"]["task"].endswith("fail")
    assert data["job"]["executor"] == "ThreadPoolExecutor"
    assert data["objects"] == [
        {
            "url": slices[0].url,
            "format": "lines",
            "record": "record",
            "size": sum(len(b"line %d\n" % i) for i in range(1000)),
            "records": None,
            "index_size": None,
        }
    ]
    assert data["slices"]["records"] == [s.selection.records for s in slices] + [None]
    assert data["slices"]["bytes"] == [s.price.bytes for s in slices] + [0]
    tasks = data["tasks"]
    assert tasks["bytes"] == [task.bytes for task in results.tasks]
    assert tasks["requests"] == [task.requests for task in results.tasks]
    assert tasks["code"] == [-12, *[0] * 6, -9]
    assert len(set(tasks["worker"])) <= 3
    for start, time in zip(tasks["start"], tasks["time"], strict=True):
        assert 0 <= start <= start + time <= data["job"]["time"] + 20000
    assert data["failed"] == 2
    assert [one["slice"] for one in data["failures"]] == [0, 7]
    assert data["codes"] == {"0": "DP_OK", "-12": "DP_ETASK", "-9": "DP_EFORMAT"}
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_report_is_drawn(executor, slices, tmp_path):
    page = tmp_path / "job.html"
    dataplug.map(executor, read, slices).report(page)
    done = subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            f"--user-data-dir={tmp_path}/profile",
            "--virtual-time-budget=5000",
            "--dump-dom",
            f"file://{page}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert 'data-errors="0"' in done.stdout, done.stderr
    assert re.search(r'data-drawn="[0-9.]+"', done.stdout)
