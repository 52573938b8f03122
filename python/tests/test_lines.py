"""Lines of a slice: one by one, and all at once while the rest is still decoded."""

from __future__ import annotations

import pathlib
import threading
from collections.abc import Callable

import dataplug
import pytest
from conftest import reads
from dataplug.formats.compressed import gzipped
from dataplug.formats.compressed.gzipped import GZipTextSlice

Lines = Callable[[dataplug.Slice], list[str]]

WAYS: list[Lines] = [lambda one: list(one.lines()), lambda one: GZipTextSlice(one.token).get()]


def slice_of(file: pathlib.Path, text: bytes, **params: object) -> dataplug.Slice:
    file.write_bytes(text)
    (one,) = dataplug.open(file, "lines").index(**params).partition("chunks", n=1)
    return one


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "lines.txt"


@pytest.mark.parametrize("lines", WAYS)
def test_lines_may_end_in_any_way(file: pathlib.Path, lines: Lines) -> None:
    one = slice_of(file, "eins\r\nzwei\n\ndrei \u00e4\u2028\x0b\r\nvier".encode())
    assert lines(one) == ["eins", "zwei", "", "drei \u00e4\u2028\x0b", "vier"]


@pytest.mark.parametrize("lines", WAYS)
@pytest.mark.parametrize("text", ["", "\n", "\r\n", "\r", "a\r", "a\rb\n", "\r\r\n", "a\0b\n\n"])
def test_odd_lines(file: pathlib.Path, lines: Lines, text: str) -> None:
    expected = text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []
    assert lines(slice_of(file, text.encode())) == expected


@pytest.mark.parametrize("lines", WAYS)
def test_many_batches(file: pathlib.Path, lines: Lines) -> None:
    text = reads(30000)
    assert len(text) > 3 << 20
    one = slice_of(file, text, span="256K")
    assert lines(one) == text.decode().splitlines()
    found: list[list[str]] = []
    thread = threading.Thread(target=lambda: found.append(lines(one)))
    thread.start()
    thread.join()
    assert found == [text.decode().splitlines()]


@pytest.mark.parametrize("lines", WAYS)
def test_text_that_is_not_utf8(file: pathlib.Path, lines: Lines) -> None:
    with pytest.raises(UnicodeDecodeError):
        lines(slice_of(file, b"caf\xe9\n"))


@pytest.mark.parametrize("bad", [0, 1 << 20, -1])
def test_line_that_is_not_utf8_ends_it_wherever_it_is(file: pathlib.Path, bad: int) -> None:
    text = reads(30000).splitlines(keepends=True)
    text[bad if bad <= 0 else len(text) // 2] = b"caf\xe9\n"
    one = slice_of(file, b"".join(text))
    with pytest.raises(UnicodeDecodeError):
        GZipTextSlice(one.token).get()
    assert one.read() == b"".join(text)  # later calls are not touched


def test_encodings(file: pathlib.Path) -> None:
    one = slice_of(file, b"caf\xe9\r\nbar")
    assert list(one.lines("latin-1")) == ["caf\u00e9", "bar"]
    assert list(one.lines(errors="replace")) == ["caf\ufffd", "bar"]
    assert list(one.lines("ascii", "ignore")) == ["caf", "bar"]
    with pytest.raises(LookupError):
        list(one.lines("no such encoding"))


def test_object_that_is_another_one_by_now_gives_no_lines(file: pathlib.Path) -> None:
    one = slice_of(file, reads(1000))
    file.write_bytes(reads(1001))
    with pytest.raises(dataplug.Stale):
        GZipTextSlice(one.token).get()


def test_few_lines_are_kept(file: pathlib.Path) -> None:
    one = slice_of(file, b"abcde\n" * 1_000_000)
    assert len(GZipTextSlice(one.token).get()) == 1_000_000
    assert len(gzipped._kept) == 64
