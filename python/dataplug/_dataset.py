"""Datasets: all objects under a folder, bucket or prefix, cut as one."""

from __future__ import annotations

import os
from typing import Self

import _dataplug

from . import errors
from ._object import Object, Progress, url_of
from ._session import Settings, session_for, settings_of
from ._slice import Slice
from ._words import words_of


class Dataset:
    """All objects under one place. Slices never cross objects."""

    def __init__(self, url: str, format: str | None, strict: bool, settings: Settings) -> None:
        self._url = url
        self._format = format
        self._strict = strict
        self._settings = settings
        self._opened: tuple[int, _dataplug.Dataset] | None = None
        #: What was left out by the last index() or opening, and why: it is of no known format, or
        #: of another one, or has no fresh index.
        self.skipped: list[tuple[str, errors.Error]] = []

    def __repr__(self) -> str:
        return f"dataplug.dataset({self._url!r})"

    def files(self) -> list[tuple[str, int]]:
        """All objects that lie there, by name, with their sizes; index files are left out."""
        return _dataplug.list_objects(session_for(self._settings), self._url)

    def _index_one(
        self, url: str, force: bool, progress: Progress | None, words: list[str]
    ) -> None:
        session = session_for(self._settings)
        _dataplug.index_build(session, url, self._format, words, force, progress, None)

    def index(
        self, force: bool = False, progress: Progress | None = None, **params: object
    ) -> Self:
        """Builds the indexes that are missing. progress counts the bytes of all of them."""
        files = self.files()
        total, done = sum(size for _, size in files), 0
        skipped: list[tuple[str, errors.Error]] = []
        for url, size in files:

            def tell(now: int, of: int, done: int = done) -> None:
                if progress:
                    progress(done + now, total)

            try:
                self._index_one(url, force, tell if progress else None, words_of(params))
            except (errors.Format, errors.Unsupported) as error:
                if self._strict:
                    raise
                skipped.append((url, error))
            done += size
        self._opened = None
        self.skipped = skipped
        return self

    def _dataset(self) -> _dataplug.Dataset:
        if self._opened is None or self._opened[0] != os.getpid():
            dataset, self.skipped = _dataplug.dataset_open(
                session_for(self._settings), self._url, self._format, self._strict
            )
            self._opened = os.getpid(), dataset
        return self._opened[1]

    @property
    def objects(self) -> list[Object]:
        """The objects that have an index."""
        return [Object(url, self._format, self._settings) for url, _ in self._dataset().objects()]

    def __len__(self) -> int:
        return len(self._dataset().objects())

    @property
    def records(self) -> int | None:
        """How many records all of them have; None where some are not counted."""
        counts = [count for _, count in self._dataset().objects()]
        return None if None in counts else sum(count or 0 for count in counts)

    def partition(self, strategy: str = "chunks", /, **params: object) -> list[Slice]:
        """Cuts every object; a number of slices is shared out among them by their records."""
        tokens = self._dataset().partition(strategy, words_of(params))
        return [Slice(token, self._settings) for token in tokens]


def dataset(
    url: str | os.PathLike[str],
    format: str | None = None,
    meta: str | os.PathLike[str] | None = None,
    strict: bool = False,
    **settings: object,
) -> Dataset:
    """All objects under a folder or a prefix that ends with "/". strict: nothing may be skipped."""
    place = url_of(url)
    if "://" not in place:
        place = os.path.join(place, "")
    return Dataset(place, format, strict, settings_of({"meta": meta, **settings}))
