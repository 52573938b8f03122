"""The program that ``dataplug map --executor lithops`` starts: a task of C on Lithops' workers.

    python3 -m dataplug.lithops TASK [NAME=VALUE ...]

It reads token lines from stdin and writes a line of JSON for each as it is done (docs/executor.md).
The task is a built-in one, or of a plug-in in DATAPLUG_PLUGIN_PATH, which travels with the job, as
the library does. Lithops is configured as always: LITHOPS_CONFIG_FILE, ~/.lithops/config, ...
"""

from __future__ import annotations

import base64
import glob
import json
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from . import errors
from ._slice import Slice
from ._worker import Task


def _libraries() -> list[bytes]:
    """The plug-ins of DATAPLUG_PLUGIN_PATH: files, or all *.so of folders."""
    found = []
    for path in filter(None, os.environ.get("DATAPLUG_PLUGIN_PATH", "").split(":")):
        files = sorted(glob.glob(os.path.join(path, "*.so"))) if os.path.isdir(path) else [path]
        for file in files:
            with open(file, "rb") as library:
                found.append(library.read())
    return found


def _own_stdout() -> TextIO:
    """Where answers go. Whatever else is printed here, by Lithops too, goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    return answers


def _line(number: int, answer: dict[str, Any]) -> str:
    good = answer["code"] == "DP_OK"
    result: bytes = answer["result"]
    return json.dumps(
        {
            "slice": number,
            "code": answer["code"],
            "message": None if good else result.decode(errors="replace"),
            "data": base64.b64encode(result).decode() if good else None,
            "attempts": answer["attempts"],
            "paid": answer["paid"],
            "seconds": answer["seconds"],
            "times": answer["times"],
        },
        separators=(",", ":"),
    )


def _failure(error: BaseException) -> dict[str, Any]:
    """Of a worker that gave no answer. Lithops calls every worker that died one without memory."""
    crashed = isinstance(error, MemoryError)
    reason = "the worker crashed or had no memory left" if crashed else str(error)
    code = error.name if isinstance(error, errors.Error) else "DP_ETASK"
    return {
        "code": code,
        "result": reason.encode(),
        "attempts": 1,
        "paid": None,
        "seconds": 0.0,
        "times": None,
    }


def _answers(executor: Any, futures: list[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    from lithops.wait import ANY_COMPLETED  # type: ignore[import-untyped, import-not-found, unused-ignore]

    left = dict(enumerate(futures))
    while left:
        executor.wait(
            list(left.values()),
            return_when=ANY_COMPLETED,
            throw_except=False,
            show_progressbar=False,
        )
        for number, future in list(left.items()):
            if not (future.done or future.success or future.error):
                continue
            del left[number]
            try:
                answer = future.result(throw_except=True)
                if not isinstance(answer, dict):
                    raise errors.TaskFailed("the executor gave no result")
            except BaseException as error:
                answer = _failure(error)
            yield number, answer


def main(words: list[str]) -> int:
    """Runs the program; returns its exit code."""
    if not words or words[0].startswith("-"):
        print("usage: python3 -m dataplug.lithops TASK [NAME=VALUE ...] <TOKENS", file=sys.stderr)
        return 64
    answers = _own_stdout()
    slices = [Slice(line) for line in sys.stdin.read().splitlines() if line]
    if not slices:
        return 0
    # A parent that uses Lithops too hands down its session's name, and with it its jobs' results.
    os.environ.pop("__LITHOPS_SESSION_ID", None)
    try:
        import lithops  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        print("dataplug.lithops: lithops is not installed: pip install lithops", file=sys.stderr)
        return 69
    task = Task(words[0], words[1:], _libraries())
    with lithops.FunctionExecutor() as executor:
        futures = executor.map(task, slices)
        for number, answer in _answers(executor, list(futures)):
            print(_line(number, answer), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
