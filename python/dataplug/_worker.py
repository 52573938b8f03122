"""What runs on a worker: a function, or a task of C, on one slice; what it came to, and cost.

Nothing here lets an exception out: executors retry whatever is raised, so what must not be tried
again comes back as a value.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import _dataplug

from . import errors
from ._session import count_apart, session_for, traffic
from ._slice import BaseSlice

#: What tokens of others may name on a worker, where DATAPLUG_ALLOW does not say.
_NETWORK = ("allow=" + _dataplug.allow_network,)

#: What a failure is: only the first two are worth another try, the second of smaller slices.
TRANSIENT, MEMORY, TIMEOUT = "transient", "memory", "timeout"


class Outcome(NamedTuple):
    """What one try of one slice came to."""

    kind: str  #: "" = it went well; "transient", "memory", "timeout", "user", or an error's name
    value: Any  #: what the function returned; of a failure the message
    requests: int
    bytes: int
    seconds: float
    began: float = 0.0  #: seconds since 1970, by the worker's clock; 0 = not known
    worker: str = ""  #: its host and process


def kind_of(error: BaseException) -> str:
    """What a failure is, in a word."""
    if isinstance(error, errors.Transient):
        return TRANSIENT
    if isinstance(error, MemoryError):
        return MEMORY
    if isinstance(error, TimeoutError):
        return TIMEOUT
    if isinstance(error, errors.Error):
        return error.name
    return "user"


def run(function: Callable[[Any], Any], data_slice: BaseSlice) -> Outcome:
    """One try of one slice."""
    count_apart()
    before, begun, clock = traffic(), time.monotonic(), time.time()
    kind, value = "", None
    try:
        value = function(data_slice)
    except Exception as error:
        kind = kind_of(error)
        value = str(error) or type(error).__name__
        if kind == "user":
            value = "".join(traceback.format_exception(error)).rstrip()
    after = traffic()
    seconds = time.monotonic() - begun
    worker = f"{os.uname().nodename}:{os.getpid()}:{threading.get_ident()}"
    requests, fetched = after[0] - before[0], after[1] - before[1]
    return Outcome(kind, value, requests, fetched, seconds, clock, worker)


class Call:
    """A function that is mapped over slices, for executors that pickle: workers call this."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def __call__(self, data_slice: BaseSlice) -> Outcome:
        return run(self._function, data_slice)


def calling(function: Callable[[Any], Any]) -> Callable[[BaseSlice], Outcome]:
    """The same for Lithops, which looks into closures for the modules that it ships."""

    def call(data_slice: BaseSlice) -> Outcome:
        return run(function, data_slice)

    return call


class Task:
    """A task of C that is mapped over slices, with the plug-ins that it needs."""

    __slots__ = ("_args", "_libraries", "_name")

    def __init__(self, name: str, args: list[str], libraries: list[bytes]) -> None:
        """libraries: the shared objects themselves; they travel with the job."""
        self._name = name
        self._args = args
        self._libraries = libraries

    def _load(self) -> None:
        if not self._libraries:
            return
        path = ":".join(_written(library) for library in self._libraries)
        if os.environ.get("DATAPLUG_PLUGIN_PATH") != path:
            # A plug-in that was not linked with the library finds it among what all can see.
            ctypes.CDLL(_dataplug.__file__, ctypes.RTLD_GLOBAL)
            os.environ["DATAPLUG_PLUGIN_PATH"] = path

    def __call__(self, data_slice: BaseSlice) -> dict[str, object]:
        """The fields of an answer, docs/executor.md; data is bytes."""
        begun = time.monotonic()
        try:
            self._load()
            code, result, attempts, paid, seconds, times = _dataplug.run_task(
                session_for(() if os.environ.get("DATAPLUG_ALLOW") else _NETWORK),
                data_slice.token,
                self._name,
                self._args,
            )
        except Exception as error:
            code = error.name if isinstance(error, errors.Error) else "DP_ETASK"
            result, attempts, paid = str(error).encode(), 1, (0, 0, 0)
            seconds, times = time.monotonic() - begun, (0.0, 0.0, 0.0)
        return {
            "code": code,
            "result": result,
            "attempts": attempts,
            "paid": list(paid),
            "seconds": seconds,
            "times": list(times),
        }


def _written(library: bytes) -> str:
    """The path of a file with these bytes, in a folder of the user's own."""
    folder = os.path.join(tempfile.gettempdir(), f"dataplug-{os.getuid()}")
    os.makedirs(folder, 0o700, exist_ok=True)
    status = os.lstat(folder)
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise errors.Auth(f"{folder} is not this user's alone")
    path = os.path.join(folder, hashlib.sha256(library).hexdigest() + ".so")
    if not os.path.exists(path):
        part = f"{path}.{os.getpid()}"
        with open(part, "xb") as file:
            file.write(library)
        os.replace(part, path)
    return path
