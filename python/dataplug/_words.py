"""Parameters of Python as the words "name=value" that the library takes."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from typing import SupportsFloat, SupportsIndex


def _end(value: object) -> str:
    return "" if value is None else text_of(value)


def text_of(value: object) -> str:
    """One value: True is "yes", slice(2, 5) and (2, 5) are "2:5", slice(2, None) is "2:"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, slice):
        if value.step not in (None, 1):
            raise ValueError(f"{value}: intervals have no step")
        return f"{_end(value.start)}:{_end(value.stop)}"
    if isinstance(value, tuple) and len(value) == 2:
        return f"{_end(value[0])}:{_end(value[1])}"
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if isinstance(value, SupportsIndex):
        return str(operator.index(value))
    if isinstance(value, SupportsFloat):
        return repr(float(value))
    raise TypeError(f"{value!r} is no value of a parameter")


def words_of(params: Mapping[str, object]) -> list[str]:
    """Parameters of formats and strategies; None is left out."""
    return [f"{name}={text_of(value)}" for name, value in params.items() if value is not None]


def _is_negative(end: object) -> bool:
    return isinstance(end, SupportsIndex) and operator.index(end) < 0


def records_of(value: object, count: int | None) -> object:
    """The parameter "record" with ends as in a list: one number, and negative ones, are allowed."""
    if isinstance(value, SupportsIndex) and not isinstance(value, bool):
        at = operator.index(value)
        if count is not None and not -count <= at < count:
            raise IndexError(f"record {at} of {count}")
        first = at + count if at < 0 and count is not None else at
        return first, first + 1
    if isinstance(value, slice) and (_is_negative(value.start) or _is_negative(value.stop)):
        if count is None:
            raise ValueError(f"{value}: the records were not counted, so none is the last")
        first, last, step = value.indices(count)
        return slice(first, max(first, last), step)
    return value
