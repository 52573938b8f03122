"""The older package's names, on a real S3 server; and right where it was wrong."""

from __future__ import annotations

import gzip
import importlib
import io
import logging
import pathlib
import pickle
import threading
from typing import Any

import cloudpickle
import dataplug
import pytest
from conftest import S3, reads
from dataplug import CloudObject
from dataplug.formats.compressed.gzipped import (
    GZipText,
    GZipTextSlice,
    partition_chunk_lines,
    partition_num_chunks,
)
from dataplug.formats.genomics.fastq import (
    FASTQGZip,
    partition_reads_batches,
    partition_sequences_per_chunk,
)
from dataplug.util import setup_logging, split_s3_path

READS = reads(4000)


@pytest.fixture
def bucket(s3_env: S3, request: pytest.FixtureRequest) -> str:
    """A bucket of each test's own, so that each finds none of metadata."""
    names = "".join(c if c.isalnum() else "-" for c in request.node.name.lower())
    return f"t{abs(hash(names)) % 10**9}-{names[5:40].strip('-')}"


@pytest.fixture
def uri(s3_env: S3, bucket: str) -> str:
    return s3_env.put(bucket, "runs/reads.fastq.gz", gzip.compress(READS))


@pytest.fixture
def co(uri: str) -> CloudObject:
    cloud_object = CloudObject.from_s3(FASTQGZip, uri)
    cloud_object.preprocess()
    return cloud_object


def lines_of(slices: list[GZipTextSlice]) -> list[str]:
    return [line for one in slices for line in one.get()]


LINES = READS.decode().splitlines()

# ---- what a program of the older package does ----


@pytest.mark.parametrize("n", [1, 2, 3, 7, 50, 200])
def test_batches_are_all_reads_in_order(co: CloudObject, n: int) -> None:
    slices = co.partition(partition_reads_batches, num_batches=n)
    assert type(slices) is list
    assert len(slices) == n
    assert lines_of(slices) == LINES
    assert all(len(one.get()) % 4 == 0 for one in slices)


def test_more_batches_than_reads(s3_env: S3, bucket: str) -> None:
    few = CloudObject.from_s3(
        FASTQGZip, s3_env.put(bucket, "few.fastq.gz", gzip.compress(reads(3)))
    )
    few.preprocess()
    slices = few.partition(partition_reads_batches, 5)
    assert len(slices) == 5
    assert lines_of(slices) == reads(3).decode().splitlines()


def test_bucket_of_metadata_is_made(s3_env: S3, co: CloudObject, bucket: str) -> None:
    keys = s3_env.client.list_objects_v2(Bucket=f"{bucket}.meta")["Contents"]
    assert [row["Key"] for row in keys] == [co.meta_path.key]
    assert co.meta_path.bucket == f"{bucket}.meta"
    assert co.meta_size == keys[0]["Size"]


def test_bucket_of_metadata_may_be_another(s3_env: S3, uri: str, bucket: str) -> None:
    co = CloudObject.from_s3(FASTQGZip, uri, metadata_bucket=f"{bucket}-else")
    co.preprocess()
    assert co.meta_path.bucket == f"{bucket}-else"
    assert s3_env.client.list_objects_v2(Bucket=f"{bucket}-else")["KeyCount"] == 1


def test_properties_tell_of_the_object(s3_env: S3, co: CloudObject, uri: str, bucket: str) -> None:
    assert (co.path.bucket, co.path.key) == (bucket, "runs/reads.fastq.gz")
    assert co.path.as_uri() == uri
    assert co.meta_path.as_uri() == f"s3://{co.meta_path.bucket}/{co.meta_path.key}"
    assert co.size == len(gzip.compress(READS))
    assert co.exists()
    assert co.is_preprocessed()
    assert co.attributes.total_lines == co["total_lines"] == 16000
    assert co.attributes.index_key == co.get_attribute("index_key") == co.meta_path.key
    with pytest.raises(AttributeError):
        co.get_attribute("none")
    assert repr(co) == f"CloudObject<FASTQGZip>({uri})"
    assert "fastq" in FASTQGZip.debug()
    assert co.fetch() == ({"ContentLength": co.size}, {"ContentLength": co.meta_size})


def test_object_before_it_is_preprocessed(uri: str) -> None:
    co = CloudObject.from_bucket_key(FASTQGZip, *split_s3_path(uri))
    assert co.exists()
    assert not co.is_preprocessed()
    assert co.attributes is None
    assert co.fetch()[1] is None
    with pytest.raises(AttributeError):
        _ = co.meta_size
    with pytest.raises(dataplug.NotFound):
        co.partition(partition_reads_batches, 2)


def test_clean_removes_the_metadata(co: CloudObject) -> None:
    co.clean()
    assert not co.is_preprocessed()
    assert co.exists()
    co.clean()


def test_missing_object_is_a_key_error_with_words(s3_env: S3, uri: str) -> None:
    with pytest.raises(KeyError, match="none"):
        CloudObject.from_s3(FASTQGZip, uri + "none")
    assert not CloudObject.from_s3(FASTQGZip, uri + "none", fetch=False).exists()


def test_preprocess_takes_what_it_took(uri: str) -> None:
    co = CloudObject.from_s3(FASTQGZip, uri, False, None, None)
    co.preprocess({"verbose": 10, "backend": "dask"})
    co.preprocess(parallel_config={}, chunk_size=100, force=True, debug=True, verbose=1)
    co.preprocess(extra_args={"group": 2})
    assert co.attributes.total_lines == 8000  # pairs are records then
    with pytest.raises(dataplug.InvalidArgument):
        co.preprocess(extra_args={"no": 2})


def test_slices_have_what_they_had(co: CloudObject, uri: str, tmp_path: pathlib.Path) -> None:
    slices = co.partition(partition_reads_batches, num_batches=3)
    assert [(one.line_0, one.line_1) for one in slices] == [
        (1, 5333),
        (5333, 10665),
        (10665, 16001),
    ]
    one = slices[1]
    assert one.cloud_object is co
    assert 0 <= one.range_0 < one.range_1 <= co.size
    assert list(one.iter_lines()) == one.get() == LINES[5332:10664]
    text = "".join(f"{line}\n" for line in one.get())
    one.to_file(tmp_path / "a")
    assert (tmp_path / "a").read_text() == text
    with open(tmp_path / "b", "wb") as binary:
        one.to_file_obj(binary)
    assert (tmp_path / "b").read_text() == text
    out = io.StringIO()
    one.to_file_obj(out)
    assert out.getvalue() == text
    one.to_file_obj(out, close_fd=True)
    assert out.closed


@pytest.mark.parametrize("pickler", [pickle, cloudpickle])
def test_slices_pickle_without_secrets(co: CloudObject, s3: S3, pickler: Any) -> None:
    for one in co.partition(partition_reads_batches, num_batches=5):
        packed = pickler.dumps(one)
        assert len(packed) < 1000
        assert s3.access_key.encode() not in packed
        assert s3.secret_key.encode() not in packed
        again = pickler.loads(packed)
        assert type(again) is GZipTextSlice
        assert again.get() == one.get()
        assert again.line_0 == one.line_0
        assert again.cloud_object.path == co.path
        assert again.cloud_object.attributes == co.attributes
        assert again.range_1 == one.range_1
    assert s3.secret_key.encode() not in pickler.dumps(co)
    assert pickler.loads(pickler.dumps(co)).attributes == co.attributes


def test_strategies_may_be_of_ones_own(co: CloudObject) -> None:
    def halves(cloud_object: CloudObject, extra: int = 0) -> list[GZipTextSlice]:
        assert cloud_object is co
        return partition_reads_batches(cloud_object, 2 + extra)

    assert len(co.partition(halves)) == 2
    assert len(co.partition(halves, 1)) == 3
    assert len(co.partition(strategy=halves, extra=1)) == 3
    with pytest.raises(dataplug.InvalidArgument, match="strategy"):
        co.partition("chunks")
    with pytest.raises(dataplug.InvalidArgument, match="format"):
        CloudObject.from_s3("FASTQGZip", "s3://bucket/key")  # type: ignore[arg-type]


@pytest.mark.parametrize("module", ["entities", "preprocessing", "preprocessing.metadata"])
def test_formats_in_python_are_told_where_to_go(module: str) -> None:
    with pytest.raises(ImportError, match=r"written in C \(docs/format\.md\)"):
        importlib.import_module(f"dataplug.{module}")


def test_storage_is_a_client(s3_env: S3, co: CloudObject) -> None:
    head = co.storage.head_object(Bucket=co.path.bucket, Key=co.path.key)
    assert head["ContentLength"] == co.size
    co._s3 = s3_env.client
    assert co.storage is s3_env.client
    with co.open("rb") as file:  # smart_open unpacks by the suffix
        assert file.read() == READS
    with co.open_metadata("rb") as file:
        assert len(file.read()) == co.meta_size


def test_file_is_uploaded(s3_env: S3, bucket: str, tmp_path: pathlib.Path) -> None:
    s3_env.client.create_bucket(Bucket=bucket)
    file = tmp_path / "r.fastq.gz"
    file.write_bytes(gzip.compress(READS))
    uri = f"s3://{bucket}/up/r.fastq.gz"
    co = CloudObject.new_from_file(FASTQGZip, file, uri)
    assert co.size == file.stat().st_size
    with pytest.raises(dataplug.InvalidArgument, match="override"):
        CloudObject.new_from_file(FASTQGZip, file, uri)
    CloudObject.new_from_file(FASTQGZip, file, uri, override=True)


def test_logging_is_set_up_once(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("dataplug")
    before = list(logger.handlers), logger.level
    try:
        setup_logging(logging.DEBUG)
        setup_logging("INFO")
        assert len(logger.handlers) == len(before[0]) + 1
        logger.info("hello")
        assert capsys.readouterr().err.count("hello") == 1
    finally:
        logger.handlers[:], logger.level = before


# ---- s3_config ----


def test_s3_config_names_server_and_keys(
    s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = s3.put(bucket, "r.fastq.gz", gzip.compress(READS))
    for name in s3.environment():
        monkeypatch.delenv(name)
    config = {
        "region_name": "us-east-1",
        "endpoint_url": s3.endpoint,
        "credentials": {"AccessKeyId": s3.access_key, "SecretAccessKey": s3.secret_key},
        "token_duration_seconds": 900,
        "botocore_config_kwargs": {
            "max_pool_connections": 4,
            "s3": {"addressing_style": "path"},
            "retries": {"max_attempts": 2},
        },
    }
    co = CloudObject.from_s3(FASTQGZip, uri, s3_config=config)
    co.preprocess()
    slices = co.partition(partition_reads_batches, 3)
    assert lines_of(slices) == LINES
    assert co.storage.head_bucket(Bucket=bucket)
    for packed in (pickle.dumps(co), pickle.dumps(slices)):
        assert s3.secret_key.encode() not in packed
        assert s3.access_key.encode() not in packed


def test_role_is_assumed(s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in s3.environment():
        monkeypatch.delenv(name)
    uri = s3.put(bucket, "r.fastq.gz", gzip.compress(READS))
    config = {
        "endpoint_url": s3.endpoint,
        "credentials": {"AccessKeyId": s3.access_key, "SecretAccessKey": s3.secret_key},
        "role_arn": "arn:aws:iam:::role/R",  # the server knows it, and it may do everything
        "token_duration_seconds": 900,
    }
    co = CloudObject.from_s3(FASTQGZip, uri, s3_config=config)
    assert co._config.credentials()["SessionToken"]
    assert co._config.credentials() is co._config.credentials()  # until it ends
    co.preprocess()
    assert lines_of(co.partition(partition_reads_batches, 2)) == LINES


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"aws_access_key_id": "A"}, '"credentials": {"AccessKeyId"'),
        ({"aws_secret_access_key": "A"}, '"credentials": {"AccessKeyId"'),
        ({"use_token": False}, "leave it out"),
        ({"s3_config_kwargs": {}}, '"botocore_config_kwargs"'),
        ({"colour": "blue"}, "there are region_name, endpoint_url, credentials, role_arn"),
        ({"credentials": {"aws_access_key_id": "A"}}, "AccessKeyId, SecretAccessKey"),
    ],
)
def test_wrong_s3_config_says_what_to_write(config: dict[str, Any], words: str) -> None:
    with pytest.raises(dataplug.InvalidArgument) as found:
        CloudObject.from_s3(FASTQGZip, "s3://bucket/key", s3_config=config)
    assert words in str(found.value)


def test_public_object_needs_no_keys(s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore

    uri = s3.put(bucket, "r.fastq.gz", gzip.compress(READS))
    s3.client.put_object_acl(Bucket=bucket, Key="r.fastq.gz", ACL="public-read")
    for name in s3.environment():
        monkeypatch.delenv(name)
    config = {
        "endpoint_url": s3.endpoint,
        "botocore_config_kwargs": {"signature_version": botocore.UNSIGNED},
    }
    assert CloudObject.from_s3(FASTQGZip, uri, s3_config=config).exists()


# ---- right where it was wrong ----


def test_changed_object_is_indexed_anew(s3_env: S3, co: CloudObject, uri: str) -> None:
    stale = co.partition(partition_reads_batches, 3)
    s3_env.put(co.path.bucket, co.path.key, gzip.compress(READS * 4))
    assert not co.is_preprocessed()
    with pytest.raises(dataplug.Stale):
        stale[2].get()
    co.preprocess()
    assert co.attributes.total_lines == 64000
    assert lines_of(co.partition(partition_reads_batches, 3)) == LINES * 4


def test_force_brings_the_attributes_up_to_date(s3_env: S3, co: CloudObject) -> None:
    assert co["total_lines"] == 16000
    s3_env.put(co.path.bucket, co.path.key, gzip.compress(READS * 2))
    co.preprocess(force=True)
    assert co["total_lines"] == 32000


@pytest.mark.parametrize("n", [1, 3, 7, 999, 4000, 5000])
def test_sequences_per_chunk_are_all_there(co: CloudObject, n: int) -> None:
    if n < 7:
        n *= 100  # few slices, many sizes
    slices = co.partition(partition_sequences_per_chunk, seq_per_chunk=n)
    assert lines_of(slices) == LINES
    assert {len(one.get()) for one in slices[:-1]} <= {4 * n}
    assert len(slices) == -(-4000 // n)


def test_keyword_strategy_reaches_the_strategy(co: CloudObject) -> None:
    expand = co.partition(partition_sequences_per_chunk, seq_per_chunk=1500, strategy="expand")
    merge = co.partition(partition_sequences_per_chunk, seq_per_chunk=1500, strategy="merge")
    assert [len(one.get()) for one in expand] == [6000, 6000, 4000]
    assert [len(one.get()) for one in merge] == [6000, 10000]
    assert lines_of(merge) == LINES
    with pytest.raises(dataplug.InvalidArgument, match="merge"):
        co.partition(partition_sequences_per_chunk, seq_per_chunk=1500, strategy="none")


@pytest.fixture
def text(s3_env: S3, bucket: str) -> CloudObject:
    uri = s3_env.put(bucket, "lines.txt.gz", gzip.compress(TEXT.encode()))
    co = CloudObject.from_s3(GZipText, uri)
    co.preprocess()
    return co


TEXT = "".join(f"{i} {'ä€🐍' * (i % 30)}\n" for i in range(3001))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 50])
def test_chunks_of_lines_are_all_lines(text: CloudObject, n: int) -> None:
    assert text["total_lines"] == 3001
    each = -(-3001 // n)
    for strategy in ("expand", "merge"):
        slices = text.partition(partition_chunk_lines, lines_per_chunk=each, strategy=strategy)
        assert lines_of(slices) == TEXT.splitlines()
        assert [one.line_0 for one in slices] == [i * each + 1 for i in range(len(slices))]
    numbered = text.partition(partition_num_chunks, n)
    assert len(numbered) == n
    assert lines_of(numbered) == TEXT.splitlines()


def test_characters_are_never_cut(text: CloudObject) -> None:
    for one in text.partition(partition_chunk_lines, 700):
        assert "\ufffd" not in "".join(one.get())


def test_lines_of_reads_come_in_whole_reads(co: CloudObject) -> None:
    assert lines_of(co.partition(partition_chunk_lines, lines_per_chunk=4000)) == LINES
    with pytest.raises(dataplug.InvalidArgument, match="4 lines"):
        co.partition(partition_chunk_lines, lines_per_chunk=5)


def test_metadata_of_another_format_is_not_used(co: CloudObject) -> None:
    lines = CloudObject.from_s3(GZipText, co.path.as_uri())
    assert not lines.is_preprocessed()
    assert lines.attributes is None
    lines.preprocess()
    assert lines["total_lines"] == 16000
    with pytest.raises(dataplug.NotFound):
        CloudObject.from_s3(FASTQGZip, co.path.as_uri()).partition(partition_reads_batches, 2)


def test_reads_are_no_strategy_for_text(text: CloudObject) -> None:
    with pytest.raises(dataplug.InvalidArgument, match="FASTQGZip"):
        text.partition(partition_reads_batches, 2)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("long", reads(5, 200_000)),
        ("unended", READS.removesuffix(b"\n")),
        ("empty", b""),
        ("crlf", READS.replace(b"\n", b"\r\n")),
    ],
)
def test_odd_reads_are_all_there(s3_env: S3, bucket: str, name: str, content: bytes) -> None:
    uri = s3_env.put(bucket, f"{name}.fastq.gz", gzip.compress(content, 1))
    co = CloudObject.from_s3(FASTQGZip, uri)
    co.preprocess()
    expected = content.decode().splitlines()
    assert co["total_lines"] == len(expected)
    for n in (1, 2, 7):
        slices = co.partition(partition_reads_batches, n)
        assert lines_of(slices) == expected
        assert [line for one in slices for line in one.iter_lines()] == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(READS)[:-2000], "ends"),
        (
            gzip.compress(READS)[:5000] + b"rubbish" * 9 + gzip.compress(READS)[5063:],
            "gzip|deflate",
        ),
        (b"no gzip at all\n", "title|'@'"),
        (gzip.compress(READS + b"@torn\nACGT\n"), "ends inside"),
    ],
)
def test_broken_reads_are_told(s3_env: S3, bucket: str, content: bytes, words: str) -> None:
    co = CloudObject.from_s3(FASTQGZip, s3_env.put(bucket, "broken.fastq.gz", content))
    with pytest.raises(dataplug.Format, match=words):
        co.preprocess()


@pytest.mark.parametrize("key", ["my data/x.fastq.gz", "runs//x.fastq.gz", "a%20b+c.fastq.gz"])
def test_keys_are_raw(s3_env: S3, bucket: str, key: str) -> None:
    co = CloudObject.from_s3(FASTQGZip, s3_env.put(bucket, key, gzip.compress(READS)))
    co.preprocess()
    slices = pickle.loads(pickle.dumps(co.partition(partition_reads_batches, 3)))
    assert lines_of(slices) == LINES
    assert slices[0].cloud_object.path.key == key


def test_metadata_runs_no_code(s3_env: S3, co: CloudObject, tmp_path: pathlib.Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return pathlib.Path.touch, (tmp_path / "ran",)

    s3_env.put(co.meta_path.bucket, co.meta_path.key, pickle.dumps(Evil()))
    again = CloudObject.from_s3(FASTQGZip, co.path.as_uri(), fetch=False)
    with pytest.raises(dataplug.Format):
        again.partition(partition_reads_batches, 2)
    assert not (tmp_path / "ran").exists()
    again.preprocess()
    assert lines_of(again.partition(partition_reads_batches, 2)) == LINES


def test_nothing_is_printed(co: CloudObject, capfd: pytest.CaptureFixture[str]) -> None:
    for one in co.partition(partition_reads_batches, 3):
        one.get()
    co.preprocess(force=True)
    assert capfd.readouterr() == ("", "")


def test_slices_are_read_by_threads(co: CloudObject) -> None:
    slices = co.partition(partition_reads_batches, 8)
    got: dict[int, list[str]] = {}

    def work(i: int) -> None:
        got[i] = slices[i].get()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line for i in range(8) for line in got[i]] == LINES
