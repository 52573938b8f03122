"""Slices on real Dask: the recipe of examples/dask, and dataplug.map."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import dataplug
import pytest
from distributed import Client, LocalCluster

RECIPE = pathlib.Path(__file__).parents[2] / "examples" / "dask" / "map_reads.py"


def test_recipe_counts_all_lines(path: str) -> None:
    done = subprocess.run(
        [sys.executable, str(RECIPE), path, "7"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    bag, client, mapped = done.stdout.splitlines()
    assert (bag, client) == ("bag 80000", "client 80000")
    assert mapped.startswith("map 80000 ")


def lines(data_slice: dataplug.Slice) -> tuple[int, int]:
    return os.getpid(), sum(1 for _ in data_slice.lines())


def fails_at_first(data_slice: dataplug.Slice) -> int:
    if data_slice.selection.first == 0:
        raise ValueError("no first")
    return 1


def test_workers_are_other_processes(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nannies start Python anew; what they run is found here.
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(__file__).parent))
    slices = dataplug.open(path).index(span="64K").partition("chunks", n=6)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        results = dataplug.map(client, lines, slices)
        assert sum(count for _, count in results) == 80000
        assert os.getpid() not in {pid for pid, _ in results}
        failed = dataplug.map(client, fails_at_first, slices)
    assert [error.kind for error in failed.errors] == ["user"]
    assert "no first" in failed.errors[0].message
    assert list(failed[1:]) == [1] * 5
