"""The page of a job (docs/report.md): dataplug.map's numbers, put into the page that is built."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import _dataplug

from . import errors
from ._slice import BaseSlice

if TYPE_CHECKING:
    from ._mapping import Results, TaskError, TaskStats

_PLACE = "@DATAPLUG_REPORT@"
_FAILURES = 100
#: What the kinds of failures that are no errors of the library come closest to.
_CODES = {
    "memory": errors.NoMemory,
    "transient": errors.Transient,
    "timeout": errors.TaskFailed,
    "lost": errors.TaskFailed,
    "user": errors.TaskFailed,
}
_NAMED = {
    kind.name: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.Error)
}


def _micros(seconds: float) -> int:
    return max(0, round(seconds * 1e6))


def _objects_of(token: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a token that can be read tells of its objects."""
    whole = json.loads(token)
    for one in whole.get("set", [whole]):
        url = one["object"]
        yield (
            url,
            {
                "url": url.partition("?")[0],
                "format": one["format"],
                "record": "record",
                "size": sum(part[0] for part in one["parts"]),
                "records": None,
                "index_size": None,
            },
        )


def _planned(
    slices: Sequence[BaseSlice],
) -> tuple[list[dict[str, Any]], list[tuple[int | None, int, int, int]]]:
    """Each object once, as the tokens tell; of each slice its records, requests, bytes, needed.

    A token that cannot be read tells of no object and counts as nothing.
    """
    objects: dict[str, dict[str, Any]] = {}
    rows: list[tuple[int | None, int, int, int]] = []
    for data_slice in slices:
        try:
            urls, _, _, records, price = data_slice._info()
        except errors.Error:
            rows.append((None, 0, 0, 0))
            continue
        rows.append((records, *price))
        # Of thousands of slices of one object, one token is enough.
        if not objects.keys() >= set(urls):
            for url, one in _objects_of(data_slice.token):
                objects.setdefault(url, one)
    return list(objects.values()), rows


def _code(error: TaskError | None) -> type[errors.Error] | None:
    if error is None:
        return None
    return _CODES.get(error.kind) or _NAMED.get(error.kind, errors.TaskFailed)


def _failure(number: int, error: TaskError) -> dict[str, Any]:
    token = error.slice.token
    return {
        "slice": number,
        "code": error.kind,
        "attempts": error.attempts,
        "message": error.message,
        "token": None if "?" in token else token,
    }


def _tasks(stats: Sequence[TaskStats], failed: dict[int, TaskError]) -> dict[str, list[int]]:
    workers: dict[str, int] = {}
    codes = [_code(failed.get(i)) for i in range(len(stats))]
    times = [_micros(one.seconds) for one in stats]
    return {
        "slice": list(range(len(stats))),
        "code": [kind.default_code if kind else 0 for kind in codes],
        "attempts": [one.attempts for one in stats],
        "worker": [workers.setdefault(one.worker, len(workers)) for one in stats],
        "start": [_micros(one.start) for one in stats],
        "time": [
            max(_micros(one.end - one.start), time) for one, time in zip(stats, times, strict=True)
        ],
        "fetch": [0] * len(stats),
        "decode": [0] * len(stats),
        "user": times,
        "requests": [one.requests for one in stats],
        "bytes": [one.bytes for one in stats],
    }


def _job(results: Results, failed: dict[int, TaskError]) -> dict[str, Any]:
    began = datetime.datetime.fromtimestamp(results.began, datetime.UTC)
    first = min(failed, default=None)
    kind = _code(failed[first]) if first is not None else None
    return {
        "task": results.function,
        "args": [],
        "executor": results.executor,
        "started": began.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "time": _micros(results.seconds),
        "code": kind.name if kind else "DP_OK",
        "message": None if first is None else f"slice {first}: {failed[first].message}",
        "result": None,
    }


def write(path: str | os.PathLike[str], results: Results, slices: Sequence[BaseSlice]) -> None:
    """Writes the page, whole or not at all."""
    failed: dict[int, TaskError] = {}
    for error, number in results.failed:
        failed.setdefault(number, error)
    objects, planned = _planned(slices)
    kinds = {kind.default_code: kind.name for kind in map(_code, failed.values()) if kind}
    data = {
        "v": 1,
        "kind": "map",
        "library": _dataplug.version,
        "objects": objects,
        "job": _job(results, failed),
        "slices": {
            "records": [one[0] for one in planned],
            "requests": [one[1] for one in planned],
            "bytes": [one[2] for one in planned],
            "needed": [one[3] for one in planned],
            "units": None,
        },
        "spans": {"slice": [], "object": [], "begin": [], "end": []},
        "tasks": _tasks(results.tasks, failed),
        "codes": {"0": "DP_OK", **{str(code): name for code, name in kinds.items()}},
        "failed": len(failed),
        "failures": [_failure(i, failed[i]) for i in sorted(failed)[:_FAILURES]],
    }
    page = pathlib.Path(__file__).with_name("report.html").read_text(encoding="utf-8")
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    part = pathlib.Path(f"{os.fspath(path)}.{os.getpid()}.part")
    try:
        part.write_text(page.replace(_PLACE, text), encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
