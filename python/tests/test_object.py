"""Objects, sets and datasets: indexed, told about, cut, read, forgotten."""

from __future__ import annotations

import gzip
import os
import pathlib
import pickle
import struct

import dataplug
import numpy
import pytest
from conftest import reads


def lines(text: bytes, first: int, last: int) -> bytes:
    """Some reads of the text, as sed would give them."""
    return b"".join(text.splitlines(keepends=True)[4 * first : 4 * last])


def test_slices_together_are_the_file(path: str, text: bytes) -> None:
    slices = dataplug.open(path).index().partition("chunks", n=7)
    assert b"".join(one.get() for one in slices) == text


def test_partition_is_exactly_a_list(path: str) -> None:
    slices = dataplug.open(path).index().partition("chunks", n=3)
    assert type(slices) is list
    assert [type(one) for one in slices] == [dataplug.Slice] * 3


def test_index_is_built_once(path: str) -> None:
    assert dataplug.open(path).index().built
    assert not dataplug.open(path).index().built
    assert dataplug.open(path).index(force=True).built


def test_index_of_other_params_is_built_anew(path: str) -> None:
    assert dataplug.open(path).index().records == 20000
    assert dataplug.open(path).index(group=2).records == 10000


def test_index_of_another_format_is_none(path: str) -> None:
    assert dataplug.open(path, "lines").index().records == 80000
    with pytest.raises(dataplug.NotFound, match="of lines, not fastq"):
        dataplug.open(path, "fastq").partition("chunks", n=2)
    assert dataplug.open(path, "fastq").index().records == 20000


def test_index_of_a_changed_file_is_built_anew(path: str) -> None:
    reads_of = dataplug.open(path).index()
    assert reads_of.records == 20000
    pathlib.Path(path).write_bytes(gzip.compress(reads(100)))
    assert reads_of.index().records == 100


def test_units_begin_at_imported_points(tmp_path: pathlib.Path) -> None:
    path, points = tmp_path / "two.fastq.gz", tmp_path / "two.gzidx"
    text = reads(100)
    member = gzip.compress(text, mtime=0)
    path.write_bytes(member + member)
    # indexed_gzip's: behind the headers of the two members, without windows.
    head = struct.pack(
        "<5sBBQQIII", b"GZIDX", 1, 0, 2 * len(member), 2 * len(text), 1 << 20, 1 << 15, 2
    )
    for off, good in (10, True), (11, False):
        points.write_bytes(
            head
            + struct.pack("<QQBB", 10, 0, 0, 0)
            + struct.pack("<QQBB", len(member) + off, len(text), 0, 0)
        )
        if good:
            assert len(dataplug.open(path).index(imported=points).units["rec"]) == 2
        else:
            with pytest.raises(dataplug.Format, match="point 1 "):
                dataplug.open(path).index(imported=points)


def test_progress_ends_at_the_size(path: str) -> None:
    seen: list[tuple[int, int]] = []
    dataplug.open(path).index(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (os.path.getsize(path),) * 2
    assert seen == sorted(seen)


def test_what_progress_raises_comes_out(path: str) -> None:
    def stop(done: int, total: int) -> None:
        raise ZeroDivisionError("enough")

    with pytest.raises(ZeroDivisionError, match="enough"):
        dataplug.open(path).index(progress=stop)
    with pytest.raises(dataplug.NotFound):
        _ = dataplug.open(path).records


def test_path_is_the_same_in_another_folder(path: str, tmp_path: pathlib.Path) -> None:
    one = dataplug.open(pathlib.Path("reads.fastq.gz"))
    os.chdir("/")
    assert one.index().url == path


@pytest.mark.parametrize(
    ("record", "first", "last"),
    [
        (slice(10, 12), 10, 12),
        ((10, 12), 10, 12),
        ("10:12", 10, 12),
        (slice(19990, None), 19990, 20000),
        (slice(-2, None), 19998, 20000),
        (slice(None, 1), 0, 1),
        (slice(5, 5), 0, 0),
        (7, 7, 8),
        (numpy.int64(7), 7, 8),
        (-1, 19999, 20000),
    ],
)
def test_read_gives_the_records(
    path: str, text: bytes, record: object, first: int, last: int
) -> None:
    assert dataplug.open(path).index().read(record=record) == lines(text, first, last)


def test_record_that_is_not_there_is_an_error(path: str) -> None:
    one = dataplug.open(path).index()
    with pytest.raises(IndexError):
        one.read(record=20000)
    with pytest.raises(ValueError, match="step"):
        one.read(record=slice(0, 10, 2))


def test_attributes_are_those_of_the_index(path: str) -> None:
    attributes = dataplug.open(path).index(group=2).attributes
    assert attributes["format"] == "fastq"
    assert attributes["url"] == f"file://{path}"
    assert attributes["size"] == str(os.path.getsize(path))
    assert attributes["params"] == "group=2"
    assert dataplug.open(path).attribute("no-such") is None


def test_units_are_a_view_of_the_table(path: str) -> None:
    one = dataplug.open(path).index(span=65536)
    units = one.units
    assert units["nrec"].sum() == one.records
    assert list(units["rec"][1:]) == list(numpy.cumsum(units["nrec"])[:-1])
    assert units["extent"]["off"][0, 0] + units["extent"]["len"][0, 0] > 0
    assert units["extent"]["off"][-1, 0] < os.path.getsize(path)
    assert not units.flags.writeable
    assert not units.flags.owndata
    del one  # the view keeps the index
    assert units["nrec"].sum() == 20000


def test_axes_of_reads_are_none(path: str) -> None:
    assert dataplug.open(path).index().axes == []


def test_size_and_index_are_told(path: str) -> None:
    one = dataplug.open(path)
    assert one.size == os.path.getsize(path)
    assert one.index_url == f"file://{path}.dpx"
    assert one.index().index_size == os.path.getsize(f"{path}.dpx")


def test_meta_is_where_the_index_lies(path: str, tmp_path: pathlib.Path) -> None:
    one = dataplug.open(path, meta=tmp_path / "meta").index()
    assert one.index_url == f"file://{tmp_path}/meta/file{path}.dpx"
    assert not os.path.exists(f"{path}.dpx")


def test_verify_finds_a_damaged_object(path: str) -> None:
    one = dataplug.open(path).index()
    one.verify()
    seen: list[int] = []
    one.verify(progress=lambda done, total: seen.append(done))
    assert seen[-1] == 20000
    stat = os.stat(path)
    with open(path, "r+b") as file:
        file.seek(stat.st_size // 2)
        file.write(b"damage")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(dataplug.Error):
        one.verify()


def test_remove_leaves_the_object(path: str) -> None:
    one = dataplug.open(path).index()
    one.remove()
    assert os.path.exists(path)
    with pytest.raises(dataplug.NotFound):
        _ = one.records


def test_object_pickles_without_secrets(path: str) -> None:
    one = dataplug.open(path, access_key="AKIASECRET", secret_key="SECRET", memory="16M").index()
    packed = pickle.dumps(one)
    assert b"SECRET" not in packed
    assert pickle.loads(packed).records == 20000


def test_signed_urls_do_not_travel() -> None:
    one = dataplug.open("https://host/x.gz?X-Amz-Signature=SECRET")
    assert b"SECRET" not in pickle.dumps(one)
    assert "SECRET" not in repr(one)


def test_pairs_are_cut_together(tmp_path: pathlib.Path) -> None:
    texts = [reads(1000, 50, seed) for seed in (1, 2)]
    for name, text in zip(("R1", "R2"), texts, strict=True):
        (tmp_path / f"{name}.fastq.gz").write_bytes(gzip.compress(text))
    pair = dataplug.open_many([tmp_path / "R1.fastq.gz", tmp_path / "R2.fastq.gz"]).index()
    slices = pair.partition("chunks", n=3)
    taken = b"".join(one.get() for one in slices)
    turns = [lines(text, i, i + 1) for i in range(1000) for text in texts]
    assert taken == b"".join(turns)
    assert slices[0].urls == [f"file://{tmp_path}/R{i}.fastq.gz" for i in (1, 2)]
    assert pair.records == 1000
    assert pair.read(record=3) == lines(texts[0], 3, 4) + lines(texts[1], 3, 4)
    assert b"".join(bytes(b) for one in slices for b in one.batches()) == taken
    assert b"".join(one.get() for one in slices[1].split(4)) == slices[1].get()


def test_unequal_files_are_no_set(tmp_path: pathlib.Path) -> None:
    for name, count in (("R1", 10), ("R2", 11)):
        (tmp_path / f"{name}.fastq").write_bytes(reads(count))
    pair = dataplug.open_many([tmp_path / "R1.fastq", tmp_path / "R2.fastq"]).index()
    with pytest.raises(dataplug.Format, match="11 records"):
        pair.partition("chunks", n=2)
    with pytest.raises(dataplug.InvalidArgument):
        dataplug.open_many([])


def test_dataset_is_cut_as_one(tmp_path: pathlib.Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    texts = [reads(count, 50, count) for count in (300, 100)]
    for name, text in zip("ab", texts, strict=True):
        (run / f"{name}.fastq.gz").write_bytes(gzip.compress(text))
    (run / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    seen: list[tuple[int, int]] = []
    runs = dataplug.dataset(run).index(progress=lambda *far: seen.append(far))
    sizes = sum(os.path.getsize(run / f"{name}.fastq.gz") for name in "ab")
    assert seen[-1][0] <= seen[-1][1]
    assert seen[-1][1] == sizes + 11
    assert [os.path.basename(url) for url, _ in runs.skipped] == ["picture.png"]
    assert isinstance(runs.skipped[0][1], dataplug.Unsupported)
    assert len(runs) == 2
    assert runs.records == 400
    assert [one.records for one in runs.objects] == [300, 100]
    slices = runs.partition("chunks", n=4)
    assert len(slices) == 4
    assert b"".join(one.get() for one in slices) == b"".join(texts)
    with pytest.raises(dataplug.Unsupported):
        dataplug.dataset(run, strict=True).index()


def test_strategy_may_have_any_parameter(path: str) -> None:
    one = dataplug.open(path).index()
    assert len(one.partition("count", n=7000)) == 3
    assert len(one.partition("count", n=7000, rest="merge")) == 2
    assert len(one.partition("bytes", n="1M")) > 1
    with pytest.raises(dataplug.InvalidArgument, match="no strategy"):
        one.partition("chonks", n=2)
    with pytest.raises(dataplug.InvalidArgument, match="strategy"):
        one.partition("chunks", strategy="x")
    with pytest.raises(TypeError):
        one.partition("chunks", n=object())
