"""Slices: tokens that fetch their records wherever they are.

The classes here are plain ones whose methods call the extension by its global name. So Lithops,
which looks through a slice's methods, finds the package and the extension, and ships both to
workers that have no dataplug.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import NamedTuple, Self

import _dataplug

from . import errors
from ._home import objects_of
from ._pack import pack, unpack
from ._session import Settings, session_for


class Price(NamedTuple):
    """What a slice costs: GETs, the stored bytes that they fetch, and those that are needed."""

    requests: int
    bytes: int
    needed: int


class Selection(NamedTuple):
    """So many records of the object from the first on; records None: all, which are not counted."""

    first: int
    records: int | None


class BaseSlice:
    """A token, and what can be done with it. It never changes.

    It pickles as the text of its token alone (of a long one, without the names of its fields): no
    credentials, no settings. Where it is unpickled, it uses what that process was told by
    dataplug.settings() and its environment.
    """

    __slots__ = ("_settings", "_token")

    def __init__(self, token: str, settings: Settings = ()) -> None:
        """token: a line of ASCII JSON; it is checked when it is first used."""
        self._token = unpack(token.rstrip("\r\n"))
        self._settings = settings

    @property
    def token(self) -> str:
        """The line of ASCII JSON that a worker needs."""
        return self._token

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (pack(self._token),)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._token == other._token

    def __hash__(self) -> int:
        return hash(self._token)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        try:
            urls, _, first, records, _ = self._info()
        except errors.Error as error:
            return f"<{type(self).__name__}: {error}>"
        until = "" if records is None else first + records
        return f"{type(self).__name__}({', '.join(urls)}, record={first}:{until})"

    def _info(self) -> tuple[list[str], str, int, int | None, tuple[int, int, int]]:
        return _dataplug.slice_info(session_for(self._settings), self._token)

    @property
    def url(self) -> str:
        """The object; of several that are cut together, the first."""
        return self._info()[0][0]

    @property
    def urls(self) -> list[str]:
        """The objects that are cut together."""
        return self._info()[0]

    @property
    def format(self) -> str:
        """The name of the format."""
        return self._info()[1]

    @property
    def selection(self) -> Selection:
        """Which records it has, by number; of several objects, of each."""
        info = self._info()
        return Selection(info[2], info[3])

    @property
    def price(self) -> Price:
        """What it costs, as planned when it was cut."""
        return Price(*self._info()[4])

    def read(self) -> bytes:
        """The records' bytes, decoded, one after the other."""
        return _dataplug.slice_read(session_for(self._settings), self._token, True)

    def batches(self, copy: bool = True) -> _dataplug.Reader:
        """Iterates over the records in batches: memory stays bounded, whatever the slice's size.

        A batch is a sequence of records (bytes). batch.data and batch.ends are views of all their
        bytes and of where each ends, for numpy and everything else that takes buffers, without a
        copy. A batch lives as long as something refers to it.

        copy=False lends the memory that the library reads into, which the next batch reuses. Then
        going on raises BufferError while a view of the last batch is alive, and so does an older
        batch that is used.
        """
        return _dataplug.reader(session_for(self._settings), self._token, copy)

    def lines(self, encoding: str = "utf-8", errors: str = "strict") -> Iterator[str]:
        """Iterates over the lines of the records, without their line ends (LF or CR LF)."""
        for batch in self.batches(copy=False):
            yield from batch.lines(encoding, errors)

    def _write_to(self, path: str, raw: bool) -> None:
        part = f"{path}.{os.getpid()}-{threading.get_ident()}.part"
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            try:
                _dataplug.slice_write(session_for(self._settings), self._token, fd, raw)
            finally:
                os.close(fd)
            os.replace(part, path)
        except BaseException:
            os.unlink(part)
            raise

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The records as tables, one a batch: the number "record", and the format's columns.

        For pyarrow, polars, pandas, DuckDB. requested_schema is not heeded, as the protocol allows.
        """
        return _dataplug.slice_columns(session_for(self._settings), self._token)

    def split(self, k: int) -> list[Self]:
        """Cuts it into k slices by its index; reads no data."""
        opened = []
        for url, settings in objects_of(self._token, self._settings):
            opened.append(_dataplug.index_open(session_for(settings), url))
        tokens = _dataplug.split(self._token, tuple(opened), k)
        return [type(self)(token, self._settings) for token in tokens]


class Slice(BaseSlice):
    """A slice of one object, or of several that are cut together: then their records take turns."""

    __slots__ = ()

    def get(self) -> bytes:
        """A file that stands alone: the header that the format has, if any, and the records."""
        return _dataplug.slice_read(session_for(self._settings), self._token, False)

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Writes what get() gives to a file, in bounded memory; whole or not at all."""
        self._write_to(os.fspath(path), False)


for _public in (Slice, Price, Selection):
    _public.__module__ = "dataplug"
