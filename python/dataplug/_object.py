"""Objects: files that are indexed where they lie and cut into slices."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import _dataplug

from . import errors
from ._session import Settings, public_settings, session_for, settings_of
from ._slice import Slice
from ._units import units_of
from ._words import records_of, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Is told how far a long call has come; total is 0 where it is not known. What it raises ends it.
Progress = Callable[[int, int], object]

_ATTRIBUTES = ("format", "url", "size", "etag", "params", "library", "warnings")


class Axis(NamedTuple):
    """A named dimension of the units, and the interval that they cover on it."""

    name: str
    unit: str | None
    lo: float
    hi: float
    labels: list[str]


def url_of(url: str | os.PathLike[str]) -> str:
    """A path stays the same wherever the program goes."""
    text = os.fspath(url)
    return text if "://" in text or text.startswith("mem:") else os.path.abspath(text)


class Object:
    """One object: open() makes it, and nothing is read until it is asked for something.

    It opens its index once and keeps it. It may be shared by threads, and used after fork().
    It pickles without credentials.
    """

    def __init__(self, url: str, format: str | None, settings: Settings) -> None:
        self._url = url
        self._format = format
        self._settings = settings
        self._opened: tuple[int, _dataplug.Index] | None = None

    def __repr__(self) -> str:
        return f"dataplug.open({self.url!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return Object, (self.url, self._format, public_settings(self._settings))

    @property
    def url(self) -> str:
        """The object's URL, without a signature."""
        if self._url.startswith(("http:", "https:")):
            known = self._opened and self._opened[1].attr("url")
            return known.decode() if known else self._url.partition("?")[0]
        return self._url

    def _index(self) -> _dataplug.Index:
        """The index, opened in this process."""
        if self._opened is None or self._opened[0] != os.getpid():
            index = _dataplug.index_open(session_for(self._settings), self._url)
            found = (index.attr("format") or b"").decode()
            if self._format not in (None, found):
                raise errors.NotFound(f"{self.url}: its index is of {found}, not {self._format}")
            self._opened = os.getpid(), index
        return self._opened[1]

    def index(
        self,
        force: bool = False,
        progress: Progress | None = None,
        imported: str | os.PathLike[str] | None = None,
        **params: object,
    ) -> Self:
        """Builds and stores the index if there is none, or none that is fresh and of these params.

        params are the format's ("records", "group", "span", ...). force builds it in any case.
        progress(done, total) counts stored bytes. imported is the index that gztool, indexed_gzip
        or rapidgzip made of a .gz: units begin at its points, each of which is checked. Returns
        itself.
        """
        index = _dataplug.index_build(
            session_for(self._settings),
            self._url,
            self._format,
            words_of(params),
            force,
            progress,
            os.fspath(imported) if imported is not None else None,
        )
        self._opened = os.getpid(), index
        return self

    def _words(self, params: dict[str, object]) -> list[str]:
        if "record" in params:
            params = {**params, "record": records_of(params["record"], self.records)}
        return words_of(params)

    def _cut(self, strategy: str, params: dict[str, object]) -> list[str]:
        return _dataplug.partition((self._index(),), strategy, self._words(params))

    def partition(self, strategy: str = "chunks", /, **params: object) -> list[Slice]:
        """Cuts it by a strategy ("chunks", n=200; "count", n=1000; "bytes", n="64M"; "box").

        No data is read. The list is a plain one, as Lithops wants it.
        """
        return [Slice(token, self._settings) for token in self._cut(strategy, params)]

    def read(self, **box: object) -> bytes:
        """The bytes of some records: read(record=slice(1000, 2000)), or an interval on an axis."""
        return self.partition("box", **box)[0].read()

    def verify(self, progress: Progress | None = None) -> None:
        """Reads the object once more and compares; raises Format where the index is not right."""
        self._index().verify(progress)

    def remove(self) -> None:
        """Removes the index; the object itself is never touched."""
        self._opened = None
        _dataplug.index_remove(session_for(self._settings), self._url)

    @property
    def size(self) -> int:
        """The stored bytes of the object, as they are just now."""
        return _dataplug.object_size(session_for(self._settings), self._url)

    @property
    def records(self) -> int | None:
        """How many records it has; None where they are not counted."""
        return self._index().records

    @property
    def built(self) -> bool:
        """Whether the last index() built the index, rather than found it."""
        return self._index().built

    @property
    def index_url(self) -> str:
        """Where the index lies, or will lie."""
        if self._opened is None:
            return _dataplug.index_home(session_for(self._settings), self._url)
        return self._index().url or ""

    @property
    def index_size(self) -> int:
        """The bytes of the index."""
        return self._index().size

    @property
    def attributes(self) -> dict[str, str]:
        """What every index knows: format, url, size, etag, params, library, warnings."""
        found = ((name, self._index().attr(name)) for name in _ATTRIBUTES)
        return {name: value.decode(errors="replace") for name, value in found if value is not None}

    def attribute(self, name: str) -> bytes | None:
        """An attribute, one of the format's own too ("header"); None if there is none."""
        return self._index().attr(name)

    @property
    def axes(self) -> list[Axis]:
        """The dimensions that units have, besides the number of the record."""
        return [Axis(*axis) for axis in self._index().axes]

    @property
    def units(self) -> NDArray[Any]:
        """The table of units, a read-only numpy array (docs/units.md says what its fields are)."""
        return units_of(self._index())


def open(
    url: str | os.PathLike[str],
    format: str | None = None,
    meta: str | os.PathLike[str] | None = None,
    **settings: object,
) -> Object:
    """An object, by its path or URL: s3://bucket/key, https://host/file, a file.

    format is found out if it is not said. meta is the folder or URL where the index lies. The other
    settings are those of dataplug.settings(), for this object alone. Nothing is read yet:
    index() builds the index, the rest wants one.
    """
    place = url_of(url)
    if place.startswith(("http:", "https:")) and "?" in place:
        # What may be a signature reaches all sessions of this process, and leaves it with none.
        settings.setdefault("url", place)
    return Object(place, format, settings_of({"meta": meta, **settings}))


class ObjectSet:
    """Several objects that are cut together, record by record: R1 and R2 of paired reads."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self.objects = list(objects)

    def __repr__(self) -> str:
        return f"dataplug.open_many({[one.url for one in self.objects]!r})"

    def index(
        self, force: bool = False, progress: Progress | None = None, **params: object
    ) -> Self:
        """As Object.index(), of each."""
        for one in self.objects:
            one.index(force, progress, None, **params)
        return self

    @property
    def records(self) -> int | None:
        """How many records each of them has."""
        return self.objects[0].records

    def partition(self, strategy: str = "chunks", /, **params: object) -> list[Slice]:
        """As Object.partition(); a slice has the same records of each object, in turns."""
        first = self.objects[0]
        indexes = tuple(one._index() for one in self.objects)
        tokens = _dataplug.partition(indexes, strategy, first._words(params))
        return [Slice(token, first._settings) for token in tokens]

    def read(self, **box: object) -> bytes:
        """As Object.read(), in turns."""
        return self.partition("box", **box)[0].read()


def open_many(
    urls: Iterable[str | os.PathLike[str]],
    format: str | None = None,
    meta: str | os.PathLike[str] | None = None,
    **settings: object,
) -> ObjectSet:
    """Several objects to be cut together; arguments as of open()."""
    own = settings_of({"meta": meta, **settings})
    objects = [Object(url_of(url), format, own) for url in urls]
    if not objects:
        raise errors.InvalidArgument("there are no objects to open")
    return ObjectSet(objects)
