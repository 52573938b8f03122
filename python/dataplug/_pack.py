"""Tokens in pickles: where many slices make a job, each shall be small.

A token has the same fields in the same order, always (docs/token.md). A long one is pickled as its
values alone, one a line, which is still text that anyone can read.
"""

from __future__ import annotations

_FIELDS = (
    "format",
    "object",
    "parts",
    "place",
    "args",
    "slice",
    "rec",
    "box",
    "halo",
    "index",
    "rows",
    "attrs",
    "price",
    "memory",
    "crc",
)
_HEAD = '{"v":1'
_TAIL = "}"
#: Shorter ones are left alone.
_LONG = 340


def _values(token: str) -> list[str] | None:
    """The values of the fields, as JSON; None if it is no token of one object."""
    rest, values = token.removesuffix(_TAIL), []
    for name in _FIELDS:
        # No string of JSON has a bare quote in it, so this can only be the field.
        value, found, rest = rest.partition(f',"{name}":')
        if not found:
            return None
        values.append(value)
    return [*values[1:], rest] if values[0] == _HEAD else None


def unpack(text: str) -> str:
    """The token; one that was not packed is given back as it is."""
    values = text.split("\n")
    if len(values) != len(_FIELDS):
        return text
    fields = (f',"{name}":{value}' for name, value in zip(_FIELDS, values, strict=True))
    return f"{_HEAD}{''.join(fields)}{_TAIL}"


def pack(token: str) -> str:
    """A shorter text that unpack() makes the same token of."""
    values = _values(token) if len(token) > _LONG else None
    packed = "\n".join(values) if values else token
    return packed if unpack(packed) == token else token
