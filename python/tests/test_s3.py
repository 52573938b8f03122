"""The modern interface on a real S3 server."""

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


@pytest.fixture
def url(s3_env: S3, packed: bytes) -> str:
    return s3_env.put("modern", "run 7/a%20b.fastq.gz", packed)


def test_object_in_s3_is_the_same_as_a_file(url: str, text: bytes) -> None:
    one = dataplug.open(url, meta="s3://modern-indexes", create_meta=True).index()
    assert one.records == 20000
    slices = one.partition("chunks", n=5)
    assert b"".join(part.get() for part in slices) == text
    assert one.read(record=slice(-1, None)).startswith(b"@r19999\n")
    one.remove()


def test_keys_may_be_settings(
    s3: S3, packed: bytes, text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = s3.put("modern", "keys.fastq.gz", packed)
    keys = {"access_key": s3.access_key, "secret_key": s3.secret_key, "region": "us-east-1"}
    one = dataplug.open(url, endpoint=s3.endpoint, **keys).index()
    (cut,) = one.partition("chunks", n=1)
    assert cut.get() == text
    packed_slice = pickle.dumps([cut, one])
    for secret in (s3.access_key, s3.secret_key):
        assert secret.encode() not in packed_slice
    # Elsewhere the environment decides: keys are not sent to where only the token says.
    alone = pickle.loads(pickle.dumps(cut))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret_key)
    with pytest.raises(dataplug.Auth, match="credentials are not sent"):
        alone.get()
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    assert alone.get() == text


def test_wrong_keys_are_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "WRONGSECRET")
    with pytest.raises(PermissionError) as found:
        dataplug.open(url).index()
    assert isinstance(found.value, dataplug.Auth)
    assert found.value.http == 403
    assert "WRONGSECRET" not in str(found.value)


def test_missing_object_is_told(s3_env: S3, url: str) -> None:
    with pytest.raises(dataplug.NotFound, match="none"):
        dataplug.open("s3://modern/none").index()
    with pytest.raises(dataplug.NotFound):
        _ = dataplug.open("s3://modern-none/none").size


def test_big_job_has_small_slices(s3_env: S3) -> None:
    """More than 5,000 slices: rows go by reference, and a pickle has 400 bytes at most."""
    url = s3_env.put("genomics", "dataset.fastq.gz", gzip.compress(reads(6000), 1))
    one = dataplug.open(url, meta="s3://genomics.meta", create_meta=True)
    slices = one.index(span=65536).partition("chunks", n=5500)
    sizes = [len(pickle.dumps(part)) for part in slices]
    assert max(sizes) <= 400, slices[sizes.index(max(sizes))].token
    assert b"".join(part.get() for part in slices[2000:2010]) == one.read(
        record=slice(slices[2000].selection.first, slices[2010].selection.first)
    )


def test_signed_url_stays_in_its_process(
    s3: S3, packed: bytes, text: bytes, tmp_path: pathlib.Path
) -> None:
    s3.put("modern", "signed.fastq.gz", packed)
    signed = s3.client.generate_presigned_url(
        "get_object", {"Bucket": "modern", "Key": "signed.fastq.gz"}
    )
    one = dataplug.open(signed, meta=tmp_path / "meta").index()
    assert "Signature" not in one.url
    slices = one.partition("chunks", n=2)
    assert b"".join(part.get() for part in slices) == text
    assert b"Signature" not in pickle.dumps([slices, one])
    pid = os.fork()
    if pid == 0:
        os._exit(0 if text.endswith(slices[1].get()) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    alone = pickle.loads(pickle.dumps(slices[0]))
    with pytest.raises(dataplug.Auth):
        alone.get()
    try:
        assert dataplug.settings(url=signed) == {"url": "***"}
        assert alone.get() == slices[0].get()
    finally:
        dataplug.settings(url=None)


def test_prefix_is_cut_as_one(s3_env: S3) -> None:
    texts = [reads(200, 40, seed) for seed in (1, 2)]
    for name, text in zip("ab", texts, strict=True):
        s3_env.put("modern", f"many/{name}.fastq.gz", gzip.compress(text))
    runs = dataplug.dataset("s3://modern/many/").index()
    assert [name for name, _ in runs.files()] == [f"s3://modern/many/{n}.fastq.gz" for n in "ab"]
    assert b"".join(part.get() for part in runs.partition("chunks", n=4)) == b"".join(texts)


def test_program_needs_nothing_but_the_token(url: str, text: bytes) -> None:
    slices = dataplug.open(url).index().partition("chunks", n=2)
    program = "import dataplug, sys; sys.stdout.buffer.write(dataplug.Slice(sys.argv[1]).get())"
    done = subprocess.run(
        [sys.executable, "-c", program, slices[1].token],
        stdout=subprocess.PIPE,
        env={**os.environ, "HOME": "/nonexistent"},
        check=True,
    )
    assert slices[0].get() + done.stdout == text
