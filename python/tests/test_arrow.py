"""A slice's records as columns, in the hands of others."""

from __future__ import annotations

import pathlib

import dataplug
import duckdb
import pandas
import polars
import pyarrow
import pytest

NAMES = ["record", "name", "description", "sequence", "quality"]


@pytest.fixture
def part(path: str) -> dataplug.Slice:
    return dataplug.open(path).index(span="64K").partition("chunks", n=4)[1]


@pytest.fixture
def rows(text: bytes) -> list[tuple[int, str, str, str, str]]:
    """Records 5000 to 9999 of the text, taken apart line by line."""
    lines = text.decode().split("\n")
    return [
        (i, lines[4 * i][1:], "", lines[4 * i + 1], lines[4 * i + 3]) for i in range(5000, 10000)
    ]


def test_pyarrow(part: dataplug.Slice, rows: list[tuple[int, str, str, str, str]]) -> None:
    table = pyarrow.RecordBatchReader.from_stream(part).read_all()
    assert table.schema.names == NAMES
    assert table.schema.field("record").type == pyarrow.uint64()
    table.validate(full=True)
    assert list(zip(*(column.to_pylist() for column in table.columns), strict=True)) == rows


def test_polars(part: dataplug.Slice, rows: list[tuple[int, str, str, str, str]]) -> None:
    frame = polars.DataFrame(part)
    assert frame.columns == NAMES
    assert frame.rows() == rows


def test_pandas(part: dataplug.Slice, rows: list[tuple[int, str, str, str, str]]) -> None:
    frame = pandas.DataFrame.from_arrow(part)
    assert list(frame.columns) == NAMES
    assert list(frame.itertuples(index=False, name=None)) == rows


def test_duckdb(part: dataplug.Slice, rows: list[tuple[int, str, str, str, str]]) -> None:
    found = duckdb.sql("select * from part order by record").fetchall()
    assert found == rows
    (total,) = duckdb.sql("select sum(length(sequence)) from part").fetchall()
    assert total == (sum(len(row[3]) for row in rows),)


def test_errors_of_a_stream_are_told(part: dataplug.Slice, path: str) -> None:
    pathlib.Path(path).write_bytes(b"another one")
    with pytest.raises(Exception, match=r"reads\.fastq\.gz"):
        pyarrow.RecordBatchReader.from_stream(part).read_all()
