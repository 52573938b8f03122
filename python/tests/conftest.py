"""Fixtures of the tests, and their results as TAP, which scripts/count-tests adds up."""

from __future__ import annotations

import gzip
import os
import pathlib
import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

# ---- TAP ----


class Tap:
    """One line a test; a test whose setup or teardown fails has failed."""

    def __init__(self, out: Any) -> None:
        self.out = out
        self.passed = self.failed = 0

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed += 1
            self.out.write_line(f"not ok - {report.nodeid} {report.when}")
        elif report.skipped:
            self.out.write_line(f"# skipped - {report.nodeid}: {report.longrepr}")
        elif report.when == "call":
            self.passed += 1
            self.out.write_line(f"ok - {report.nodeid}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed += 1
            self.out.write_line(f"not ok - {report.nodeid} collect")

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str]:
        return report.outcome, "", ""

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        self.out.write_line(f"1..{self.passed + self.failed}")
        self.out.write_line(f"{self.passed} passed, {self.failed} failed")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.option.verbose = -2
    out = config.pluginmanager.get_plugin("terminalreporter")
    config.pluginmanager.register(Tap(out), "tap")


# ---- surroundings ----


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Nothing of the user's: no settings, no credentials, an empty home."""
    for name in list(os.environ):
        if name.startswith(("DATAPLUG_", "AWS_")) and not name.startswith("DATAPLUG_TEST_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.chdir(tmp_path)


class S3:
    """The S3 server that the tests run beside, and a client of it that is not dataplug."""

    def __init__(self) -> None:
        self.endpoint = os.environ["DATAPLUG_TEST_S3"]
        self.access_key = os.environ["DATAPLUG_TEST_S3_ACCESS_KEY"]
        self.secret_key = os.environ["DATAPLUG_TEST_S3_SECRET_KEY"]
        self.client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
        )

    def environment(self) -> dict[str, str]:
        """How a user names the server and the keys."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
        }

    def put(self, bucket: str, key: str, data: bytes) -> str:
        self.client.create_bucket(Bucket=bucket)
        self.client.put_object(Bucket=bucket, Key=key, Body=data)
        return f"s3://{bucket}/{key}"


@pytest.fixture
def s3() -> S3:
    if "DATAPLUG_TEST_S3" not in os.environ:
        pytest.skip("there is no S3 server: radosgw is not installed")
    return S3()


@pytest.fixture
def s3_env(s3: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """The server, named by the environment."""
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    return s3


# ---- reads ----


def reads(count: int, length: int = 60, seed: int = 1) -> bytes:
    """So many reads, as text."""
    rng = random.Random(seed)
    rows = []
    for i in range(count):
        bases = "".join(rng.choices("ACGT", k=length))
        qualities = "".join(rng.choices("FF:,", k=length))
        rows.append(f"@r{i}\n{bases}\n+\n{qualities}\n")
    return "".join(rows).encode()


@pytest.fixture(scope="session")
def text() -> bytes:
    """20,000 reads."""
    return reads(20000)


@pytest.fixture(scope="session")
def packed(text: bytes) -> bytes:
    return gzip.compress(text, 6)


@pytest.fixture
def path(tmp_path: pathlib.Path, packed: bytes) -> Iterator[str]:
    """A file of these reads, in gzip."""
    file = tmp_path / "reads.fastq.gz"
    file.write_bytes(packed)
    yield str(file)
