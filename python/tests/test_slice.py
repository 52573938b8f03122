"""Slices: what they give, what they cost, and how they travel."""

from __future__ import annotations

import concurrent.futures
import copy
import gzip
import io
import multiprocessing
import os
import pathlib
import pickle
import zlib

import dataplug
import numpy
import pytest
from conftest import reads


@pytest.fixture
def slices(path: str) -> list[dataplug.Slice]:
    return dataplug.open(path).index().partition("chunks", n=4)


def test_slice_tells_what_it_is(slices: list[dataplug.Slice], path: str) -> None:
    one = slices[1]
    assert one.url == f"file://{path}"
    assert one.urls == [one.url]
    assert one.format == "fastq"
    assert one.selection == (5000, 5000)
    assert one.selection.records == 5000
    assert repr(one) == f"Slice(file://{path}, record=5000:10000)"


def test_price_is_what_is_paid(slices: list[dataplug.Slice]) -> None:
    for one in slices:
        reader = one.batches()
        for _ in reader:
            pass
        assert reader.paid() == one.price


def test_lines_are_those_of_the_text(slices: list[dataplug.Slice], text: bytes) -> None:
    assert [line for one in slices for line in one.lines()] == text.decode().splitlines()


def test_file_is_written_whole_or_not_at_all(
    slices: list[dataplug.Slice], path: str, tmp_path: pathlib.Path
) -> None:
    part = tmp_path / "part.fastq"
    slices[2].to_file(part)
    assert part.read_bytes() == slices[2].get()
    pathlib.Path(path).write_bytes(b"another one")
    with pytest.raises(dataplug.Stale):
        slices[2].to_file(tmp_path / "other.fastq")
    with pytest.raises(dataplug.Stale):
        slices[2].to_file(part)
    assert len(part.read_bytes()) > 0
    assert sorted(file.name for file in tmp_path.glob("*.fastq*")) == [
        "part.fastq",
        "reads.fastq.gz",
        "reads.fastq.gz.dpx",
    ]


def test_folder_that_is_not_there(slices: list[dataplug.Slice], tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        slices[0].to_file(tmp_path / "none" / "part")


def test_split_has_the_same_records(slices: list[dataplug.Slice]) -> None:
    parts = slices[1].split(3)
    assert [type(part) for part in parts] == [dataplug.Slice] * 3
    assert b"".join(part.get() for part in parts) == slices[1].get()


def test_split_finds_the_index_of_a_slice_that_came_from_elsewhere(
    path: str, tmp_path: pathlib.Path
) -> None:
    (one,) = dataplug.open(path, meta=tmp_path / "meta").index().partition("chunks", n=1)
    alone = pickle.loads(pickle.dumps(one))
    assert len(alone.split(3)) == 3


def test_token_is_checked(slices: list[dataplug.Slice]) -> None:
    token = slices[0].token
    assert dataplug.Slice(token + "\n").get() == slices[0].get()
    for bad in ("", "{}", token[:-9] + '0"}', token.replace('"fastq"', '"fasta"'), "x" * 100):
        with pytest.raises(dataplug.Error):
            dataplug.Slice(bad).get()
        assert repr(dataplug.Slice(bad)).startswith("<Slice: ")


def test_allow_holds_tokens_to_what_it_names(
    slices: list[dataplug.Slice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAPLUG_ALLOW", "s3://genomics/")
    with pytest.raises(dataplug.Auth, match="allow"):
        dataplug.Slice(slices[0].token).get()


# ---- batches ----


def test_batches_have_all_records(slices: list[dataplug.Slice]) -> None:
    for copied in (True, False):
        records = [record for batch in slices[1].batches(copied) for record in batch]
        assert len(records) == 5000
        assert b"".join(records) == slices[1].get()


def test_batches_know_their_place(slices: list[dataplug.Slice]) -> None:
    for copied in (True, False):
        at = 5000
        for batch in slices[1].batches(copied):
            assert batch.first == at
            at += len(batch)
        assert at == 10000


def test_views_are_no_copies(slices: list[dataplug.Slice]) -> None:
    for copied in (True, False):
        for batch in slices[0].batches(copied):
            data = numpy.frombuffer(batch.data, numpy.uint8)
            ends = numpy.asarray(batch.ends)
            assert ends.dtype == numpy.uint32
            assert ends[-1] == len(data) == len(bytes(batch))
            assert len(ends) == len(batch)
            assert bytes(data[ends[0] : ends[1]]) == batch[1]
            again = numpy.frombuffer(memoryview(batch), numpy.uint8)
            assert numpy.shares_memory(data, again)
            assert not data.flags.writeable
            assert not ends.flags.writeable
            with pytest.raises(TypeError, match="read-write"):
                io.BytesIO().readinto(batch)  # type: ignore[arg-type]
            del data, ends, again


def test_batch_lives_as_long_as_its_views(slices: list[dataplug.Slice]) -> None:
    data = [numpy.frombuffer(batch.data, numpy.uint8) for batch in slices[1].batches()]
    ends = [numpy.asarray(batch.ends) for batch in slices[1].batches()]
    assert b"".join(map(bytes, data)) == slices[1].get()
    assert sum(map(len, ends)) == 5000


def test_lent_memory_is_not_reused_while_it_is_looked_at(slices: list[dataplug.Slice]) -> None:
    reader = slices[0].batches(copy=False)
    batch = next(reader)
    ends = numpy.asarray(batch.ends)
    with pytest.raises(BufferError, match="copy=True"):
        next(reader)
    with pytest.raises(BufferError):
        reader.close()
    before = bytes(batch)
    assert ends[-1] == len(before)
    del ends
    later = next(reader)
    assert before + bytes(later) == slices[0].get()[: len(before) + len(bytes(later))]


def test_lent_batch_is_over_when_its_reader_goes_on(slices: list[dataplug.Slice]) -> None:
    reader = slices[0].batches(copy=False)
    first = next(reader)
    next(reader)
    with pytest.raises(BufferError, match="over"):
        bytes(first)
    with pytest.raises(BufferError, match="over"):
        _ = first.ends
    with pytest.raises(BufferError, match="over"):
        _ = first[0]
    reader.close()
    assert list(reader) == []


def test_reader_may_be_left_early(slices: list[dataplug.Slice]) -> None:
    with slices[0].batches(copy=False) as reader:
        batch = next(reader)
    with pytest.raises(BufferError):
        bytes(batch)
    del reader
    view = memoryview(next(slices[0].batches(copy=False)))  # holds batch and reader
    assert bytes(view) == slices[0].get()[: len(view)]


def test_error_ends_reading_for_good(slices: list[dataplug.Slice], path: str) -> None:
    pathlib.Path(path).write_bytes(b"another one")
    reader = slices[0].batches()
    for _ in range(2):
        with pytest.raises(dataplug.Stale, match="reads"):
            next(reader)


def test_records_do_not_depend_on_batches(tmp_path: pathlib.Path) -> None:
    text = reads(3, 700_000) + reads(5000, 30, 2)
    (tmp_path / "r.fq.gz").write_bytes(gzip.compress(text, 1))
    (one,) = dataplug.open(tmp_path / "r.fq.gz").index().partition("chunks", n=1)
    for copied in (True, False):
        assert b"".join(record for b in one.batches(copied) for record in b) == text
    assert one.read() == text


# ---- travel ----


def test_pickle_is_the_token_and_little_more(slices: list[dataplug.Slice]) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        packed = pickle.dumps(slices[3], protocol)
        assert len(packed) < len(slices[3].token) + 70
        alone = pickle.loads(packed)
        assert alone == slices[3]
        assert hash(alone) == hash(slices[3])
        assert alone.get() == slices[3].get()
    assert copy.deepcopy(slices) == slices
    assert copy.copy(slices[3]) is slices[3]
    assert slices[3] != slices[2]


def test_short_token_is_in_the_pickle_as_it_is() -> None:
    token = '{"v":1,"format":"fastq","object":"s3://bucket/key"}'
    assert token.encode() in pickle.dumps(dataplug.Slice(token))


@pytest.mark.parametrize("name", ["a", "x" * 200, 'a,"crc":\\"\n', "\u00e4\u2028"])
def test_long_token_is_packed_and_comes_back(tmp_path: pathlib.Path, name: str) -> None:
    file = tmp_path / f"{name}.txt"
    file.write_bytes(b"one\ntwo\n")
    (one,) = dataplug.open(file, "lines").index().partition("chunks", n=1)
    packed = pickle.dumps(one)
    assert len(one.token) < 340 or len(packed) < len(one.token) - 40
    assert pickle.loads(packed).token == one.token
    assert pickle.loads(packed).get() == b"one\ntwo\n"


def test_settings_stay_where_they_are(path: str) -> None:
    one = dataplug.open(path, access_key="AKIASECRET", secret_key="SECRET", header="X-Key: SECRET")
    (cut,) = one.index().partition("chunks", n=1)
    assert b"SECRET" not in pickle.dumps(cut)
    assert "SECRET" not in repr(cut)


def test_slices_are_read_by_many_threads(slices: list[dataplug.Slice], text: bytes) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(dataplug.Slice.get, slices * 4))
    assert b"".join(parts) == text * 4


def checksum(data_slice: dataplug.Slice) -> int:
    return zlib.crc32(data_slice.get())


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_slices_are_read_by_other_processes(slices: list[dataplug.Slice], method: str) -> None:
    expected = [checksum(one) for one in slices]
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(checksum, slices) == expected


def test_everything_goes_on_after_a_fork(path: str, text: bytes) -> None:
    one = dataplug.open(path).index()
    slices = one.partition("chunks", n=2)
    reader = slices[0].batches(copy=False)
    batch = next(reader)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            # What is open stays the parent's; the rest is opened anew.
            for use in (lambda: next(reader), lambda: reader.close()):
                with pytest.raises(RuntimeError, match="forked"):
                    use()
            again = b"".join(part.get() for part in one.partition("chunks", n=3))
            code = 0 if again == text == slices[0].get() + slices[1].get() else 2
            del reader, batch
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert len(bytes(batch)) > 0
    assert len(list(reader)) > 0
