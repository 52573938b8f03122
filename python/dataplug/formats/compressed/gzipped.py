"""GZipText: text in gzip, whose records are lines."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import _dataplug

from dataplug import errors
from dataplug._home import objects_of
from dataplug._session import session_for
from dataplug._slice import BaseSlice
from dataplug.cloudobject import CloudObject
from dataplug.dataformat import DataFormat
from dataplug.storage import StoragePath

if TYPE_CHECKING:
    from dataplug._session import Settings

_REST = {"expand": "keep", "merge": "merge"}

# A line of each megabyte or less of those that get() gave last, up to 32 MiB. They keep Python from
# handing all memory of a slice back to the system, which would clear it anew for the next slice:
# a third of the time of a loop over slices.
_KEPT_EACH, _KEPT_OF = 4096, 256 << 10
_kept: list[str] = []


class GZipTextAttributes(NamedTuple):
    """How many lines it has, and the key of its index in the bucket of metadata."""

    total_lines: int
    index_key: str


class GZipText(DataFormat):
    """Text in gzip."""

    format = "lines"
    #: So many lines are a record.
    lines = 1

    @classmethod
    def attributes_of(cls, cloud_object: CloudObject) -> GZipTextAttributes:
        records = cloud_object._object.records or 0
        return GZipTextAttributes(records * cls.lines, cloud_object.meta_path.key)


class GZipTextSlice(BaseSlice):
    """Some lines of a text in gzip.

    Lines are numbered from 1: line_0 is the first, line_1 the one behind the last.
    """

    __slots__ = ("_cloud_object",)

    def __init__(self, token: str, settings: Settings = ()) -> None:
        super().__init__(token, settings)
        self._cloud_object: CloudObject | None = None

    @property
    def _format(self) -> type[GZipText]:
        from dataplug.formats.genomics.fastq import FASTQGZip

        return FASTQGZip if self.format == FASTQGZip.format else GZipText

    @property
    def cloud_object(self) -> CloudObject:
        """The object that it is of; on a worker, made anew from what the token says."""
        if self._cloud_object is None:
            url, settings = next(objects_of(self._token, self._settings))
            meta = dict(word.split("=", 1) for word in settings).get("meta", "")
            scheme, _, bucket = meta.partition("://")
            if scheme != "s3" or "/" in bucket:
                raise errors.Unsupported(f"{url}: its index does not lie in a bucket of metadata")
            self._cloud_object = CloudObject(self._format, StoragePath.from_uri(url), bucket)
        return self._cloud_object

    @cloud_object.setter
    def cloud_object(self, cloud_object: CloudObject) -> None:
        self._cloud_object = cloud_object

    @property
    def line_0(self) -> int:
        """The number of its first line."""
        return self.selection.first * self._format.lines + 1

    @property
    def line_1(self) -> int:
        """The number of the line behind its last."""
        first, records = self.selection
        return (first + (records or 0)) * self._format.lines + 1

    def _range(self) -> tuple[int, int]:
        first, records = self.selection
        return self.cloud_object._object._index().span(first, records or 0)

    @property
    def range_0(self) -> int:
        """The first of the object's bytes that it needs."""
        return self._range()[0]

    @property
    def range_1(self) -> int:
        """The byte behind the last that it needs."""
        return self._range()[1]

    def get(self) -> list[str]:
        """All its lines, without their line ends."""
        lines = _dataplug.slice_lines(session_for(self._settings), self._token, "utf-8", "strict")
        _kept[:] = lines[:_KEPT_OF:_KEPT_EACH]
        return lines

    def iter_lines(self) -> Iterator[str]:
        """The same, one by one, in bounded memory."""
        return self.lines()

    def to_file(self, file_name: str | os.PathLike[str]) -> None:
        """Writes its lines to a file; whole or not at all."""
        self._write_to(os.fspath(file_name), True)

    def to_file_obj(self, file_obj: IO[Any], close_fd: bool = False) -> None:
        """Writes its lines to a file that is open, for text or bytes."""
        text = isinstance(file_obj, io.TextIOBase)
        for batch in self.batches():
            file_obj.write(str(batch, "utf-8") if text else bytes(batch))
        if close_fd:
            file_obj.close()


def cut(
    cloud_object: CloudObject, data_format: type[GZipText], strategy: str, **params: object
) -> list[GZipTextSlice]:
    """The slices of a strategy; the object must be of that format."""
    if not issubclass(cloud_object._format, data_format):
        raise errors.InvalidArgument(
            f"{cloud_object!r}: this strategy cuts {data_format.__name__} objects"
        )
    tokens = cloud_object._object._cut(strategy, params)
    return [GZipTextSlice(token, cloud_object._object._settings) for token in tokens]


def cut_by_count(
    cloud_object: CloudObject, data_format: type[GZipText], n: int, strategy: str
) -> list[GZipTextSlice]:
    """n records a slice; what remains makes a smaller one ("expand"), or the last a larger one."""
    if strategy not in _REST:
        raise errors.InvalidArgument(f'strategy={strategy!r}: there are "expand" and "merge"')
    return cut(cloud_object, data_format, "count", n=n, rest=_REST[strategy])


def partition_chunk_lines(
    cloud_object: CloudObject, lines_per_chunk: int, strategy: str = "expand"
) -> list[GZipTextSlice]:
    """So many lines a slice. What remains: "expand": a smaller one; "merge": in the last."""
    lines = cloud_object._format.lines  # type: ignore[attr-defined]
    if lines_per_chunk % lines:
        raise errors.InvalidArgument(f"lines_per_chunk={lines_per_chunk}: reads have {lines} lines")
    return cut_by_count(cloud_object, GZipText, lines_per_chunk // lines, strategy)


def partition_num_chunks(cloud_object: CloudObject, n_chunks: int) -> list[GZipTextSlice]:
    """So many slices of nearly one size."""
    return cut(cloud_object, GZipText, "chunks", n=n_chunks)
