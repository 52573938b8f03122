"""Calls of the library: other threads run on, signals end them, logs come by logging."""

from __future__ import annotations

import gzip
import logging
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import _dataplug
import dataplug
import pytest
from conftest import reads
from dataplug.formats.compressed.gzipped import GZipTextSlice
from web import Server, serve

TEXT = reads(3000)


@pytest.fixture
def web() -> Iterator[Server]:
    with serve() as server:
        yield server


# The server is a thread of this process: without the GIL it could not answer at all.


def test_all_calls_leave_the_gil_to_others(web: Server) -> None:
    one = dataplug.open(web.put("r.fastq.gz", gzip.compress(TEXT)), timeout=20)
    assert one.index().records == 3000
    assert one.size == len(web.files["/r.fastq.gz"])
    one.verify()
    (cut,) = dataplug.open(one.url).partition("chunks", n=1)
    assert cut.get() == TEXT
    assert b"".join(map(bytes, cut.batches())) == TEXT
    assert b"".join(map(bytes, cut.batches(copy=False))) == TEXT
    assert GZipTextSlice(cut.token).get() == TEXT.decode().splitlines()
    cut.to_file("part")
    one.remove()


def test_all_calls_leave_the_gil_to_others_on_other_threads(web: Server) -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            test_all_calls_leave_the_gil_to_others(web)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failed == []


def test_progress_runs_on_the_thread_that_called(web: Server) -> None:
    url = web.put("r.fastq.gz", gzip.compress(TEXT))
    seen: set[int] = set()

    def tell(done: int, total: int) -> None:
        seen.add(threading.get_ident())

    dataplug.open(url).index(progress=tell)
    assert seen == {threading.get_ident()}
    thread = threading.Thread(target=lambda: dataplug.open(url).index(True, tell))
    thread.start()
    thread.join()
    assert seen == {threading.get_ident(), thread.ident}


def calls(one: dataplug.Object, cut: dataplug.Slice) -> dict[str, Callable[[], object]]:
    return {
        "index": lambda: one.index(force=True),
        "open": lambda: dataplug.open(one.url).records,
        "size": lambda: one.size,
        "verify": lambda: one.verify(),
        "get": lambda: cut.get(),
        "lines": lambda: GZipTextSlice(cut.token).get(),
        "read": lambda: one.read(record=slice(0, 10)),
        "batches": lambda: list(cut.batches()),
        "to_file": lambda: cut.to_file("part"),
    }


@pytest.mark.parametrize("name", calls(None, dataplug.Slice("")))  # type: ignore[arg-type]
def test_ctrl_c_ends_a_call_that_waits(web: Server, name: str) -> None:
    one = dataplug.open(web.put("r.fastq.gz", gzip.compress(TEXT))).index()
    (cut,) = one.partition("chunks", n=1)
    call = calls(one, cut)[name]
    web.hang.set()
    asked = len(web.requests)

    def interrupt() -> None:
        while len(web.requests) == asked:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        call()
    assert time.monotonic() - begin < 3
    thread.join()
    web.hang.clear()
    assert cut.get() == TEXT  # later calls are not touched
    assert not os.path.exists("part")


def tell_nothing(done: int, total: int) -> None:
    raise LookupError("no more")


def test_callback_that_raises_ends_its_own_call_alone(web: Server, tmp_path: pathlib.Path) -> None:
    one = dataplug.open(web.put("r.fastq.gz", gzip.compress(TEXT))).index()
    (cut,) = one.partition("chunks", n=1)
    here = tmp_path / "r.fastq.gz"
    here.write_bytes(gzip.compress(TEXT))
    got: list[bytes] = []
    web.hang.set()
    asked = len(web.requests)
    thread = threading.Thread(target=lambda: got.append(cut.get()))
    thread.start()
    while len(web.requests) == asked:
        time.sleep(0.01)
    with pytest.raises(LookupError, match="no more"):
        dataplug.open(here).index(progress=tell_nothing)
    web.hang.clear()
    thread.join()
    assert got == [TEXT]


def test_handler_that_raises_ends_a_call(web: Server) -> None:
    url = web.put("r.fastq.gz", gzip.compress(TEXT))

    def ring(number: int, frame: object) -> None:
        raise TimeoutError("too long")

    before = signal.signal(signal.SIGALRM, ring)
    web.hang.set()
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(TimeoutError, match="too long"):
            dataplug.open(url).index()
    finally:
        signal.signal(signal.SIGALRM, before)


def test_handler_that_does_not_raise_is_run_in_between(web: Server) -> None:
    url = web.put("r.fastq.gz", gzip.compress(TEXT))
    rung: list[int] = []

    def ring(number: int, frame: object) -> None:
        rung.append(number)
        web.hang.clear()

    before = signal.signal(signal.SIGALRM, ring)
    web.hang.set()
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        assert dataplug.open(url).index().records == 3000
    finally:
        signal.signal(signal.SIGALRM, before)
    assert rung == [signal.SIGALRM]


def test_cancel_ends_calls_of_other_threads(web: Server) -> None:
    session = _dataplug.Session([], lambda level, line: None)
    url = web.put("r.fastq.gz", gzip.compress(TEXT))
    failed: list[Exception] = []

    def work() -> None:
        try:
            _dataplug.index_build(session, url, None, [], False, None, None)
        except dataplug.Canceled as error:
            failed.append(error)

    web.hang.set()
    thread = threading.Thread(target=work)
    thread.start()
    while not web.requests:
        time.sleep(0.01)
    session.cancel()
    thread.join(5)
    assert len(failed) == 1


def test_time_may_be_limited(web: Server) -> None:
    url = web.put("r.fastq.gz", gzip.compress(TEXT))
    web.hang.set()
    with pytest.raises(dataplug.Transient, match="timeout"):
        dataplug.open(url, timeout=0.2).index()


# ---- logs ----


def test_log_comes_by_logging(web: Server, caplog: pytest.LogCaptureFixture) -> None:
    url = web.put("r.fastq.gz", gzip.compress(TEXT))
    with caplog.at_level(logging.DEBUG, "dataplug"):
        dataplug.open(url).index().read()
    assert {record.name for record in caplog.records} == {"dataplug"}
    assert any("GET" in record.getMessage() for record in caplog.records)
    caplog.clear()
    with caplog.at_level(logging.WARNING, "dataplug"):
        dataplug.open(url).index(force=True)
    assert caplog.records == []


PROGRAM = """
import logging, sys, threading
import dataplug
if sys.argv[2] == "debug":
    logging.getLogger("dataplug").setLevel(logging.DEBUG)
one = dataplug.open(sys.argv[1]).index(force=True)
reader = one.partition("chunks", n=1)[0].batches(copy=False)
next(reader)
threading.Thread(target=lambda: one.read(), daemon=True).start()
"""


@pytest.mark.parametrize("level", ["debug", "none"])
def test_nothing_is_printed_and_the_interpreter_ends(path: str, level: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, path, level], capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_broken_handler_does_not_break_a_call(
    path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise ZeroDivisionError

    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    handler = Broken()
    logger = logging.getLogger("dataplug")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    with serve() as web:
        try:
            assert dataplug.open(web.put("r", TEXT)).index().records == 3000
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
    assert told


# ---- settings ----


def test_settings_hold_for_what_says_nothing_else(path: str, tmp_path: object) -> None:
    try:
        assert dataplug.settings(meta=f"{tmp_path}/a") == {"meta": f"{tmp_path}/a"}
        assert dataplug.open(path).index_url.startswith(f"file://{tmp_path}/a/")
        one = dataplug.open(path, meta=f"{tmp_path}/b")
        assert one.index_url.startswith(f"file://{tmp_path}/b/")
        assert dataplug.settings(secret_key="SECRET")["secret_key"] == "***"
    finally:
        assert dataplug.settings(meta=None, secret_key=None) == {}
    assert dataplug.open(path).index_url == f"file://{path}.dpx"


def test_environment_is_read_when_it_is_needed(
    path: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = dataplug.open(path)
    assert one.index_url == f"file://{path}.dpx"
    monkeypatch.setenv("DATAPLUG_META", f"{tmp_path}/meta")
    assert one.index_url.startswith(f"file://{tmp_path}/meta/")


def test_unknown_setting_is_told(path: str) -> None:
    with pytest.raises(dataplug.InvalidArgument, match="endpoint is meant"):
        dataplug.open(path, endpont="http://x")
    with pytest.raises(dataplug.InvalidArgument, match="threads"):
        _ = dataplug.open(path, threads="many").size


# ---- errors ----


def test_errors_say_what_and_where(path: str) -> None:
    with pytest.raises(FileNotFoundError, match=path) as found:
        _ = dataplug.open(path).records
    error = found.value
    assert isinstance(error, dataplug.NotFound)
    assert (error.code, error.http, error.name) == (-3, 0, "DP_ENOTFOUND")
    assert str(error).startswith(path)


def test_http_status_is_told(web: Server) -> None:
    with pytest.raises(dataplug.NotFound, match="none") as found:
        _ = dataplug.open(web.put("x", b"")[:-1] + "none?X-Amz-Signature=SECRET").size
    assert found.value.http == 404
    assert "SECRET" not in str(found.value)


@pytest.mark.parametrize("kind", dataplug.errors._BY_CODE.values())
def test_errors_pickle(kind: type[dataplug.Error]) -> None:
    error = dataplug.errors.error_of("s3://b/k: what", kind.default_code, 412)
    assert type(error) is kind
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (str(again), again.code, again.http) == ("s3://b/k: what", kind.default_code, 412)
    assert isinstance(again, OSError)
    assert again.errno == error.errno != 0


def test_errors_are_of_the_usual_kinds() -> None:
    assert issubclass(dataplug.InvalidArgument, ValueError)
    assert issubclass(dataplug.Auth, PermissionError)
    assert issubclass(dataplug.NoMemory, MemoryError)
    assert dataplug.errors.error_of("new", -99).code == -99


def test_text_with_a_zero_byte_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="zero byte"):
        dataplug.open(path).index(records="a\0b")
    with pytest.raises(ValueError, match="null"):
        _ = dataplug.open(path + "\0").size
