"""Data formats of the older interface: classes that name a format and its attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from .cloudobject import CloudObject


class DataFormat:
    """What CloudObject is told an object is."""

    #: The library's name of it.
    format: ClassVar[str]

    @classmethod
    def attributes_of(cls, cloud_object: CloudObject) -> Any:
        """A namedtuple of what preprocessing found."""
        raise NotImplementedError

    @classmethod
    def debug(cls) -> str:
        """A line that says what it is."""
        return f"{cls.__name__}: format {cls.format} of dataplug"
