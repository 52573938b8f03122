"""Paths in object storage."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from . import errors


class StoragePath(NamedTuple):
    """A bucket and a key. Keys are raw: nothing in them is encoded, folded or normalised."""

    bucket: str
    key: str

    @classmethod
    def from_uri(cls, uri: str) -> StoragePath:
        """s3://bucket/key"""
        scheme, colon, rest = uri.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme != "s3" or not colon or not bucket or not key:
            raise errors.InvalidArgument(f"{uri}: not s3://bucket/key")
        return cls(bucket, key)

    def as_uri(self) -> str:
        """s3://bucket/key"""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        """What stands behind the last slash."""
        return posixpath.basename(self.key)

    @property
    def stem(self) -> str:
        """The name without its last suffix."""
        return posixpath.splitext(self.name)[0]

    @property
    def suffix(self) -> str:
        """The last suffix of the name, with its dot."""
        return posixpath.splitext(self.name)[1]

    def __str__(self) -> str:
        return self.as_uri()
