"""The table of an index's units as a numpy array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import _dataplug

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_MAX_EXTENTS = 4
_MAX_AXES = 8


def _dtype() -> numpy.dtype[Any]:
    import numpy

    at = _dataplug.unit_layout()
    extent = numpy.dtype(
        {
            "names": ["off", "len", "part"],
            "formats": ["u8", "u8", "u4"],
            "offsets": [at[f"extent.{name}"] for name in ("off", "len", "part")],
            "itemsize": at["extent.size"],
        }
    )
    formats: dict[str, Any] = {
        "extent": (extent, (_MAX_EXTENTS,)),
        "skip": "u8",
        "raw": "u8",
        "rec": "u8",
        "nrec": "u8",
        "lo": ("f8", (_MAX_AXES,)),
        "hi": ("f8", (_MAX_AXES,)),
        "state_len": "u4",
        "state_crc": "u4",
        "crc": "u4",
        "tag": "u4",
        "flags": "u4",
    }
    return numpy.dtype(
        {
            "names": list(formats),
            "formats": list(formats.values()),
            "offsets": [at[name] for name in formats],
            "itemsize": at["size"],
        }
    )


def units_of(index: _dataplug.Index) -> NDArray[Any]:
    """A read-only view, without a copy, that keeps the index alive."""
    import numpy

    dtype = _dtype()
    if memoryview(index).nbytes == 0:
        return numpy.empty(0, dtype)
    return numpy.frombuffer(memoryview(index), dtype)
