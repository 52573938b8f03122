"""The errors of dataplug: one class for each code of the library, all of them OSErrors."""

from __future__ import annotations

import errno as _errno
from typing import ClassVar


class Error(OSError):
    """What went wrong, in one line: str(error).

    code is the library's number, name its name ("DP_ESTALE"), http the status of the answer behind
    it (0: none). Errors can be pickled.
    """

    default_code: ClassVar[int] = -4
    name: ClassVar[str] = "DP_EIO"
    default_errno: ClassVar[int] = _errno.EIO

    def __init__(self, message: str, code: int | None = None, http: int = 0) -> None:
        super().__init__(message)
        self.code = self.default_code if code is None else code
        self.http = http
        self.errno = self.default_errno

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self), self.code, self.http)


class NoMemory(Error, MemoryError):
    """There is no memory for what was asked."""

    default_code, name, default_errno = -1, "DP_ENOMEM", _errno.ENOMEM


class InvalidArgument(Error, ValueError):
    """An argument, parameter or setting is wrong."""

    default_code, name, default_errno = -2, "DP_EINVAL", _errno.EINVAL


class NotFound(Error, FileNotFoundError):
    """There is no such object, or no index of it."""

    default_code, name, default_errno = -3, "DP_ENOTFOUND", _errno.ENOENT


class StoreFailed(Error):
    """A store failed for good, retries included."""


class Transient(Error):
    """It may work later: the only error that is worth another try."""

    default_code, name, default_errno = -5, "DP_ETRANSIENT", _errno.EAGAIN


class WriteFailed(Error):
    """The output or the index could not be written."""

    default_code, name = -6, "DP_EWRITE"


class Auth(Error, PermissionError):
    """It is not allowed, or the credentials are not right."""

    default_code, name, default_errno = -7, "DP_EAUTH", _errno.EACCES


class Stale(Error):
    """The object is not the one that was indexed."""

    default_code, name, default_errno = -8, "DP_ESTALE", _errno.ESTALE


class Format(Error):
    """The object, its index or a token is not valid data."""

    default_code, name, default_errno = -9, "DP_EFORMAT", _errno.EBADMSG


class Unsupported(Error):
    """It is valid, but not served; the message says what is missing."""

    default_code, name, default_errno = -10, "DP_EUNSUPPORTED", _errno.EOPNOTSUPP


class Canceled(Error):
    """The call was cancelled."""

    default_code, name, default_errno = -11, "DP_ECANCELED", _errno.ECANCELED


class TaskFailed(Error):
    """A mapped task failed; the message is its own."""

    default_code, name = -12, "DP_ETASK"


_BY_CODE: dict[int, type[Error]] = {
    kind.default_code: kind
    for kind in (
        NoMemory,
        InvalidArgument,
        NotFound,
        StoreFailed,
        Transient,
        WriteFailed,
        Auth,
        Stale,
        Format,
        Unsupported,
        Canceled,
        TaskFailed,
    )
}


def error_of(message: str, code: int, http: int = 0) -> Error:
    """The error of a code of the library."""
    return _BY_CODE.get(code, Error)(message, code, http)
