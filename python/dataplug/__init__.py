"""dataplug indexes large scientific files where they lie and cuts them into slices.

    import dataplug

    reads = dataplug.open("s3://genomics/reads.fastq.gz").index()
    slices = reads.partition("chunks", n=200)      # no data is read
    part = slices[7].get()                         # here, or on a worker: slices pickle
    results = dataplug.map(executor, function, slices)  # Lithops, Dask, concurrent.futures

CloudObject and dataplug.formats have the names of the older Python package of that name.
"""

from __future__ import annotations

import _dataplug
from _dataplug import Batch, Reader

from . import errors
from ._dataset import Dataset, dataset
from ._mapping import Parts, Results, TaskError, TaskStats, map
from ._object import Axis, Object, ObjectSet, open, open_many
from ._session import settings
from ._slice import BaseSlice, Price, Selection, Slice
from .cloudobject import CloudObject
from .errors import (
    Auth,
    Canceled,
    Error,
    Format,
    InvalidArgument,
    NoMemory,
    NotFound,
    Stale,
    StoreFailed,
    TaskFailed,
    Transient,
    Unsupported,
    WriteFailed,
)

__version__: str = _dataplug.version

__all__ = [
    "Auth",
    "Axis",
    "BaseSlice",
    "Batch",
    "Canceled",
    "CloudObject",
    "Dataset",
    "Error",
    "Format",
    "InvalidArgument",
    "NoMemory",
    "NotFound",
    "Object",
    "ObjectSet",
    "Parts",
    "Price",
    "Reader",
    "Results",
    "Selection",
    "Slice",
    "Stale",
    "StoreFailed",
    "TaskError",
    "TaskFailed",
    "TaskStats",
    "Transient",
    "Unsupported",
    "WriteFailed",
    "dataset",
    "errors",
    "map",
    "open",
    "open_many",
    "settings",
]
