"""CloudObject: the interface of the older package of this name, on this one's index and slices.

Programs written for it run as they are. What differs is said in docs/python.md.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from . import errors
from ._object import Object
from ._s3config import S3Config
from ._session import settings_of
from .dataformat import DataFormat
from .storage import StoragePath

logger = logging.getLogger("dataplug")


class ObjectNotFound(errors.NotFound, KeyError):
    """There is no such object; programs of the older package expect a KeyError."""


class CloudObject:
    """An object in S3 and the format that it is in."""

    def __init__(
        self,
        data_format: type[DataFormat],
        object_path: StoragePath,
        metadata_bucket: str | None = None,
        s3_config: Mapping[str, Any] | None = None,
    ) -> None:
        if not (isinstance(data_format, type) and issubclass(data_format, DataFormat)):
            raise errors.InvalidArgument(f"{data_format!r} is no data format of dataplug.formats")
        self._format = data_format
        self._path = object_path
        self._bucket = metadata_bucket or f"{object_path.bucket}.meta"
        self._config = S3Config(s3_config)
        self._object = self._open()
        self._s3: Any = None

    def _open(self) -> Object:
        settings = settings_of(
            {"meta": f"s3://{self._bucket}", "create_meta": True, **self._config.settings()}
        )
        return Object(self._path.as_uri(), self._format.format, settings)

    @classmethod
    def from_s3(
        cls,
        data_format: type[DataFormat],
        storage_uri: str,
        fetch: bool = True,
        metadata_bucket: str | None = None,
        s3_config: Mapping[str, Any] | None = None,
    ) -> CloudObject:
        """s3://bucket/key. fetch: look whether it is there, and at its index (KeyError if not)."""
        cloud_object = cls(
            data_format, StoragePath.from_uri(storage_uri), metadata_bucket, s3_config
        )
        if fetch:
            cloud_object.fetch()
        return cloud_object

    @classmethod
    def from_bucket_key(
        cls,
        data_format: type[DataFormat],
        bucket: str,
        key: str,
        fetch: bool = True,
        metadata_bucket: str | None = None,
        s3_config: Mapping[str, Any] | None = None,
    ) -> CloudObject:
        """As from_s3()."""
        uri = StoragePath(bucket, key).as_uri()
        return cls.from_s3(data_format, uri, fetch, metadata_bucket, s3_config)

    @classmethod
    def new_from_file(
        cls,
        data_format: type[DataFormat],
        file_path: str | os.PathLike[str],
        cloud_path: str,
        s3_config: Mapping[str, Any] | None = None,
        override: bool = False,
    ) -> CloudObject:
        """Uploads a file (with boto3). override: an object that is there is replaced."""
        cloud_object = cls(data_format, StoragePath.from_uri(cloud_path), None, s3_config)
        if not override and cloud_object.exists():
            raise errors.InvalidArgument(
                f"{cloud_path}: is there already; override=True replaces it"
            )
        cloud_object.storage.upload_file(
            Filename=os.fspath(file_path),
            Bucket=cloud_object.path.bucket,
            Key=cloud_object.path.key,
        )
        cloud_object.fetch()
        return cloud_object

    def __repr__(self) -> str:
        return f"CloudObject<{self._format.__name__}>({self._path.as_uri()})"

    def __getstate__(self) -> tuple[object, ...]:
        return self._format, self._path, self._bucket, self._config.public()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    @property
    def path(self) -> StoragePath:
        """Where the object lies."""
        return self._path

    @property
    def meta_path(self) -> StoragePath:
        """Where its index lies, or will."""
        return StoragePath.from_uri(self._object.index_url)

    @property
    def size(self) -> int:
        """The object's size in bytes."""
        return self._object.size

    @property
    def meta_size(self) -> int:
        """The index' size in bytes; AttributeError if there is none."""
        try:
            return self._object.index_size
        except errors.NotFound as error:
            raise AttributeError(str(error)) from error

    @property
    def attributes(self) -> Any:
        """A namedtuple of what preprocessing found, as the format says; None before it."""
        try:
            return self._format.attributes_of(self)
        except (errors.NotFound, errors.Stale):
            return None

    @property
    def storage(self) -> Any:
        """A client of boto3 for the object's service."""
        if self._s3 is None:
            self._s3 = self._config.client()
        return self._s3

    def _open_with(self, path: StoragePath) -> Callable[..., Any]:
        try:
            import smart_open  # type: ignore[import-untyped, import-not-found, unused-ignore]
        except ImportError as error:
            raise errors.Unsupported(
                "this needs smart_open: pip install 'dataplug[compat]'"
            ) from error
        transport = {"client": self.storage}
        return functools.partial(smart_open.open, path.as_uri(), transport_params=transport)

    @property
    def open(self) -> Callable[..., Any]:
        """Opens the object as a file: smart_open's open(mode, ...) of it."""
        return self._open_with(self._path)

    @property
    def open_metadata(self) -> Callable[..., Any]:
        """Opens the index as a file, likewise."""
        return self._open_with(self.meta_path)

    def fetch(
        self, enforce_obj: bool = True, enforce_meta: bool = False
    ) -> tuple[dict[str, int] | None, dict[str, int] | None]:
        """Looks at the object and its index anew: their sizes, None for what is not there.

        KeyError for what is enforced and not there.
        """
        self._object = self._open()
        return (
            self._headers("size", enforce_obj),
            self._headers("index_size", enforce_meta),
        )

    def _headers(self, what: str, enforce: bool) -> dict[str, int] | None:
        try:
            return {"ContentLength": getattr(self._object, what)}
        except (errors.NotFound, errors.Stale) as error:
            if enforce:
                raise ObjectNotFound(str(error), http=error.http) from error
            return None

    def exists(self) -> bool:
        """Whether the object is there."""
        try:
            return self._object.size >= 0
        except errors.NotFound:
            return False

    def is_preprocessed(self) -> bool:
        """Whether there is an index, and of the object as it is now."""
        try:
            return self._open().records is not None
        except (errors.NotFound, errors.Stale):
            return False

    def preprocess(
        self,
        parallel_config: object = None,
        extra_args: Mapping[str, object] | None = None,
        chunk_size: int | None = None,
        force: bool = False,
        debug: bool = False,
        verbose: object = None,
        backend: object = None,
    ) -> None:
        """Builds the index if there is none of the object as it is now; force: in any case.

        extra_args are the format's parameters. One pass reads the object where this runs, so
        parallel_config, chunk_size, verbose and backend change nothing.
        """
        for name, value in (("parallel_config", parallel_config), ("chunk_size", chunk_size)):
            if value is not None:
                logger.debug("%s: one pass needs no %s", self._path.as_uri(), name)
        if debug:
            logger.info("%s", self._format.debug())
        self._object = self._open().index(force, None, None, **dict(extra_args or {}))

    def partition(self, *args: Any, **kwargs: Any) -> list[Any]:
        """partition(strategy, ...): a strategy of the format's module, and what it takes."""
        positional = list(args)
        strategy = positional.pop(0) if positional else kwargs.pop("strategy", None)
        if not callable(strategy):
            raise errors.InvalidArgument(f"{strategy!r} is no strategy; one is a function")
        slices = strategy(self, *positional, **kwargs)
        for one in slices:
            with contextlib.suppress(AttributeError):  # slices of the modern interface have none
                one.cloud_object = self
        return list(slices)

    def clean(self) -> None:
        """Removes the index."""
        try:
            self._object.remove()
        except errors.NotFound:
            logger.debug("%s: there is no index to remove", self._path.as_uri())

    def get_attribute(self, key: str) -> Any:
        """One of attributes; AttributeError if there is none of that name."""
        return getattr(self.attributes, key)

    def __getitem__(self, key: str) -> Any:
        return self.get_attribute(key)
