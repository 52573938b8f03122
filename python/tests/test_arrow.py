"""Slices as Arrow streams: the tools that take them, and what goes wrong in between."""

from __future__ import annotations

import gc
import gzip
import logging
import os
import pathlib
import signal
import threading
import time

import dataplug
import duckdb
import pandas
import polars
import pyarrow
import pytest
from conftest import reads
from web import serve


@pytest.fixture
def slices(path: str) -> list[dataplug.Slice]:
    return dataplug.open(path).index().partition("chunks", n=4)


def expected(text: bytes) -> dict[str, list[str]]:
    lines = text.decode().splitlines()
    return {
        "name": [line[1:] for line in lines[0::4]],
        "sequence": lines[1::4],
        "quality": lines[3::4],
    }


def test_pyarrow_reads_a_slice(slices: list[dataplug.Slice], text: bytes) -> None:
    table = pyarrow.table(slices[1])
    assert table.column("record").to_pylist() == list(range(5000, 10000))
    for name, values in expected(text).items():
        assert table.column(name).to_pylist() == values[5000:10000]


def test_pyarrow_reads_batch_by_batch(slices: list[dataplug.Slice]) -> None:
    reader = pyarrow.RecordBatchReader.from_stream(slices[0])
    del slices[:]
    gc.collect()  # the stream holds what it needs
    first = reader.read_next_batch()
    assert 0 < first.num_rows < 5000
    assert first.num_rows + sum(batch.num_rows for batch in reader) == 5000


def test_polars_reads_slices(slices: list[dataplug.Slice], text: bytes) -> None:
    frame = polars.concat([polars.DataFrame(one) for one in slices])
    assert frame["sequence"].to_list() == expected(text)["sequence"]
    assert frame["record"].dtype == polars.UInt64


def test_pandas_reads_a_slice(slices: list[dataplug.Slice], text: bytes) -> None:
    frame = pandas.DataFrame.from_arrow(slices[3])
    assert list(frame["name"]) == expected(text)["name"][15000:]


def test_duckdb_reads_a_slice(slices: list[dataplug.Slice]) -> None:
    part = slices[2]
    query = "select count(*), min(record), max(length(sequence)) from part"
    assert duckdb.sql(query).fetchall() == [(5000, 10000, 60)]
    assert part.selection.records == 5000


def test_lines_are_tables_too(tmp_path: pathlib.Path) -> None:
    (tmp_path / "x.txt").write_text("one\ntwo\n")
    (one,) = dataplug.open(tmp_path / "x.txt").index().partition("chunks", n=1)
    assert pyarrow.table(one).column("line").to_pylist() == ["one", "two"]


def test_sets_have_no_tables(tmp_path: pathlib.Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.fq").write_bytes(reads(10))
    pair = dataplug.open_many([tmp_path / "a.fq", tmp_path / "b.fq"]).index()
    (one,) = pair.partition("chunks", n=1)
    with pytest.raises(dataplug.Unsupported):
        pyarrow.table(one)


def test_changed_object_is_told(slices: list[dataplug.Slice], path: str) -> None:
    pathlib.Path(path).write_bytes(b"another one")
    told = r"reads\.fastq\.gz: .*(size|changed)"
    with pytest.raises((dataplug.Stale, OSError, pyarrow.ArrowException), match=told):
        pyarrow.table(slices[0])


def test_capsule_that_nobody_takes_is_freed(slices: list[dataplug.Slice]) -> None:
    capsules = [slices[0].__arrow_c_stream__() for _ in range(100)]
    assert "arrow_array_stream" in repr(capsules[0])
    del capsules


def test_stream_of_a_parent_is_not_read(slices: list[dataplug.Slice]) -> None:
    reader = pyarrow.RecordBatchReader.from_stream(slices[0])
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            with pytest.raises(Exception, match="forked"):
                reader.read_next_batch()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert reader.read_all().num_rows == 5000


@pytest.mark.parametrize("take", [pyarrow.table, polars.DataFrame, pandas.DataFrame.from_arrow])
def test_gil_is_free_for_server_and_log(take: object, caplog: pytest.LogCaptureFixture) -> None:
    text = reads(3000)
    with serve() as web, caplog.at_level(logging.DEBUG, "dataplug"):
        one = dataplug.open(web.put("r.fastq.gz", gzip.compress(text)), timeout=20).index()
        (cut,) = one.partition("chunks", n=1)
        assert len(take(cut)) == 3000  # type: ignore[operator]
        seen: list[int] = []
        thread = threading.Thread(target=lambda: seen.append(len(take(cut))))  # type: ignore[operator]
        thread.start()
        thread.join()
        assert seen == [3000]


def test_ctrl_c_ends_a_stream_that_waits() -> None:
    with serve() as web:
        one = dataplug.open(web.put("r.fastq.gz", gzip.compress(reads(3000)))).index()
        (cut,) = one.partition("chunks", n=1)
        reader = pyarrow.RecordBatchReader.from_stream(cut)
        web.hang.set()

        def interrupt() -> None:
            time.sleep(0.3)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        begin = time.monotonic()
        with pytest.raises((KeyboardInterrupt, OSError, pyarrow.ArrowException)):
            try:
                reader.read_next_batch()
            finally:
                time.sleep(1)  # Ctrl-C is raised here at the latest
        assert time.monotonic() - begin < 4
        thread.join()
