"""dataplug.map: a function over slices on any executor, right under its failures."""

from __future__ import annotations

import concurrent.futures
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from . import _report
from ._slice import BaseSlice
from ._worker import MEMORY, TIMEOUT, TRANSIENT, Call, Outcome, calling, kind_of

#: Seconds before a first retry, at most; doubled each time.
_BACKOFF, _LONGEST = 0.5, 30.0


@dataclass(frozen=True)
class TaskError:
    """What stands in place of the result of a slice that failed for good.

    kind: "user" (the function raised; message is its traceback), "memory" and "timeout" (of slices
    that were as small as they may be; a crash of native code counts as memory), "transient" (after
    all retries), "lost" (the executor gave no result), or the name of an error ("DP_ESTALE").
    """

    slice: BaseSlice
    kind: str
    message: str
    attempts: int

    def __bool__(self) -> bool:
        return False


class Parts(list[Any]):
    """Results of the pieces that a slice was split into, in order, where nothing merges them."""


@dataclass
class TaskStats:
    """What one slice cost, over all its tries and pieces."""

    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    attempts: int = 0
    pieces: int = 1
    #: When its first try began and its last one ended, in seconds after the job did.
    start: float = 0.0
    end: float = 0.0
    #: The host and process of its last try.
    worker: str = ""


class Results(list[Any]):
    """The results in the order of the slices; a TaskError where there is none."""

    def __init__(
        self, values: Iterable[Any], tasks: list[TaskStats], slices: list[BaseSlice]
    ) -> None:
        super().__init__(values)
        #: What each slice cost.
        self.tasks = tasks
        self._slices = slices
        #: What ran, on what, when (seconds since 1970), and for how long.
        self.function = self.executor = ""
        self.began = self.seconds = 0.0

    @property
    def failed(self) -> list[tuple[TaskError, int]]:
        """The errors of slices, and of pieces of them, with the number of the slice."""
        found = []
        for i, value in enumerate(self):
            parts = value if isinstance(value, Parts) else [value]
            found += [(part, i) for part in parts if isinstance(part, TaskError)]
        return found

    def report(self, path: str | os.PathLike[str]) -> None:
        """Writes a page of HTML that needs no network: when each task ran, on which worker, what it
        cost, and what failed; the same page as "dataplug map --report" (docs/report.md)."""
        _report.write(path, self, self._slices)

    @property
    def errors(self) -> list[TaskError]:
        """Those of slices, and of pieces of them, that failed."""
        return [error for error, _ in self.failed]


@dataclass
class _Job:
    """One slice, or a piece of one, on its way."""

    slice: BaseSlice
    root: int  # the number of the slice that it is, or is a piece of
    place: tuple[int, ...] = ()  # which piece: (1, 0) is the first half of the second half
    attempts: int = 0
    due: float = 0.0


class _Backend(Protocol):
    """An executor: jobs are handed to it, and come back in any order."""

    def start(self, jobs: list[_Job]) -> None: ...

    def finished(self, timeout: float) -> Iterator[tuple[_Job, Outcome]]: ...


def _outcome_of(error: BaseException) -> Outcome:
    """Of what the executor itself reports: a worker that was killed, or lost."""
    kind = kind_of(error)
    if kind == "user":
        kind = "lost"
    return Outcome(kind, str(error) or type(error).__name__, 0, 0, 0.0)


class _Futures:
    """concurrent.futures, and what looks like it."""

    def __init__(self, executor: Any, function: Callable[[Any], Any]) -> None:
        self._executor = executor
        self._call = Call(function)
        self._jobs: dict[Any, _Job] = {}

    def start(self, jobs: list[_Job]) -> None:
        for job in jobs:
            self._jobs[self._executor.submit(self._call, job.slice)] = job

    def finished(self, timeout: float) -> Iterator[tuple[_Job, Outcome]]:
        done, _ = concurrent.futures.wait(self._jobs, timeout, concurrent.futures.FIRST_COMPLETED)
        for future in done:
            error = future.exception()
            yield self._jobs.pop(future), _outcome_of(error) if error else future.result()


class _Dask:
    """A dask.distributed client. Tasks of one function on equal slices are not taken for one."""

    def __init__(self, client: Any, function: Callable[[Any], Any]) -> None:
        self._client = client
        self._call = Call(function)
        self._jobs: dict[str, tuple[Any, _Job]] = {}

    def start(self, jobs: list[_Job]) -> None:
        slices = [job.slice for job in jobs]
        futures = self._client.map(self._call, slices, pure=False, batch_size=1)
        for future, job in zip(futures, jobs, strict=True):
            self._jobs[future.key] = (future, job)

    def finished(self, timeout: float) -> Iterator[tuple[_Job, Outcome]]:
        from distributed import wait  # type: ignore[import-untyped, import-not-found, unused-ignore]

        try:
            wait([f for f, _ in self._jobs.values()], timeout, "FIRST_COMPLETED")  # type: ignore[no-untyped-call, unused-ignore]
        except TimeoutError:
            return
        for key, (future, job) in list(self._jobs.items()):
            if future.done():
                del self._jobs[key]
                error = future.exception()
                yield job, _outcome_of(error) if error else future.result()


class _Lithops:
    """A lithops.FunctionExecutor."""

    def __init__(self, executor: Any, function: Callable[[Any], Any]) -> None:
        self._executor = executor
        self._call = calling(function)
        self._jobs: list[tuple[Any, _Job]] = []

    def start(self, jobs: list[_Job]) -> None:
        futures = self._executor.map(self._call, [job.slice for job in jobs])
        self._jobs += zip(futures, jobs, strict=True)

    def finished(self, timeout: float) -> Iterator[tuple[_Job, Outcome]]:
        from lithops.wait import ANY_COMPLETED  # type: ignore[import-untyped, import-not-found, unused-ignore]

        self._executor.wait(
            [future for future, _ in self._jobs],
            return_when=ANY_COMPLETED,
            throw_except=False,
            show_progressbar=False,
        )
        left = []
        for future, job in self._jobs:
            if not (future.done or future.success or future.error):
                left.append((future, job))
                continue
            yield job, self._outcome(future)
        self._jobs = left

    @staticmethod
    def _outcome(future: Any) -> Outcome:
        if future.error:
            # result() of a task that failed is None, without a word.
            try:
                future.result(throw_except=True)
            except BaseException as error:
                return _outcome_of(error)
            return Outcome("lost", "the executor tells no reason", 0, 0, 0.0)
        outcome = future.result(throw_except=False)
        if not isinstance(outcome, Outcome):
            return Outcome("lost", "the executor gave no result", 0, 0, 0.0)
        return outcome


def _backend_of(executor: Any, function: Callable[[Any], Any]) -> _Backend:
    for kind in type(executor).__mro__:
        module = kind.__module__.partition(".")[0]
        if module == "lithops":
            return _Lithops(executor, function)
        if module in ("distributed", "dask"):
            return _Dask(executor, function)
    if hasattr(executor, "submit"):
        return _Futures(executor, function)
    raise TypeError(
        f"{type(executor).__name__} is no executor: lithops.FunctionExecutor, dask's Client and"
        " concurrent.futures.Executor are"
    )


@dataclass
class _Run:
    """One dataplug.map() at work."""

    backend: _Backend
    retries: int
    split_depth: int
    stats: list[TaskStats]
    began: float  # seconds since 1970
    waiting: list[_Job] = field(default_factory=list)
    running: int = 0
    done: dict[tuple[int, tuple[int, ...]], Any] = field(default_factory=dict)

    def start_due(self) -> None:
        now = time.monotonic()
        due = [job for job in self.waiting if job.due <= now]
        if due:
            self.waiting = [job for job in self.waiting if job.due > now]
            self.running += len(due)
            self.backend.start(due)

    def split(self, job: _Job) -> bool:
        """Whether halves of it are on their way now."""
        count = job.slice.selection.records
        if len(job.place) >= self.split_depth or count is None or count < 2:
            return False
        for i, half in enumerate(job.slice.split(2)):
            self.waiting.append(_Job(half, job.root, (*job.place, i)))
        self.stats[job.root].pieces += 1
        return True

    def settle(self, job: _Job, outcome: Outcome) -> None:
        job.attempts += 1
        stats = self.stats[job.root]
        stats.attempts += 1
        stats.requests += outcome.requests
        stats.bytes += outcome.bytes
        stats.seconds += outcome.seconds
        # By the worker's clock, which may go otherwise, but not before the job.
        start = max(0.0, outcome.began - self.began) if outcome.began else stats.end
        stats.start = start if stats.attempts == 1 else min(stats.start, start)
        stats.end = max(stats.end, start + outcome.seconds)
        stats.worker = outcome.worker or stats.worker
        if outcome.kind == TRANSIENT and job.attempts <= self.retries:
            wait = min(_BACKOFF * 2 ** (job.attempts - 1), _LONGEST)
            job.due = time.monotonic() + wait * random.random()
            self.waiting.append(job)
            return
        if outcome.kind in (MEMORY, TIMEOUT) and self.split(job):
            return
        value = outcome.value
        if outcome.kind:
            value = TaskError(job.slice, outcome.kind, str(value), job.attempts)
        self.done[job.root, job.place] = value

    def loop(self) -> None:
        while self.waiting or self.running:
            self.start_due()
            if not self.running:
                time.sleep(max(0.0, min(job.due for job in self.waiting) - time.monotonic()))
                continue
            pause = min((job.due for job in self.waiting), default=time.monotonic() + 60)
            for job, outcome in self.backend.finished(max(0.01, pause - time.monotonic())):
                self.running -= 1
                self.settle(job, outcome)


def _gather(run: _Run, root: int, merge: Callable[[list[Any]], Any] | None) -> Any:
    """A slice's result: of its pieces in order, if it was split."""
    if (root, ()) in run.done:
        return run.done[root, ()]
    places = sorted(place for number, place in run.done if number == root)
    values = Parts(run.done[root, place] for place in places)
    failed = [value for value in values if isinstance(value, TaskError)]
    if merge is None:
        return values
    return failed[0] if failed else merge(list(values))


def map(
    executor: Any,
    function: Callable[[Any], Any],
    slices: Iterable[BaseSlice],
    *,
    retries: int = 3,
    split_depth: int = 2,
    merge: Callable[[list[Any]], Any] | None = None,
) -> Results:
    """Calls function(slice) for each slice on an executor, and returns the results in order.

    executor: a lithops.FunctionExecutor, a dask Client, or a concurrent.futures.Executor.

    What fails for good comes back as a TaskError in its slice's place, after one try: an object
    that has changed, an exception of the function. Transient errors are tried again, retries times,
    after waits that grow and are random. A slice that takes too much memory or time is cut into
    halves by its index, which reads no data, split_depth times at most; merge makes one result of
    those of its pieces, in order (without it they come as Parts). A crash of native code is seen as
    a lack of memory, since executors cannot tell.

    results.tasks has what each slice cost: requests, bytes, seconds, attempts, pieces;
    results.report("job.html") shows it.
    """
    all_slices = list(slices)
    run = _Run(
        _backend_of(executor, function),
        retries,
        split_depth,
        [TaskStats() for _ in all_slices],
        time.time(),
        [_Job(data_slice, i) for i, data_slice in enumerate(all_slices)],
    )
    begun = time.monotonic()
    run.loop()
    values = [_gather(run, i, merge) for i in range(len(all_slices))]
    results = Results(values, run.stats, all_slices)
    results.function = getattr(function, "__qualname__", type(function).__name__)
    results.executor = type(executor).__name__
    results.began, results.seconds = run.began, time.monotonic() - begun
    return results
