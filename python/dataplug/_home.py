"""Where the index of a slice lies: its token names the file, the library wants the folder."""

from __future__ import annotations

import json
from collections.abc import Iterator

import _dataplug

from ._session import Settings, session_for, with_setting

_PROBE = "s3://dataplug.probe"


def _meta_of(object_url: str, index_url: str, own: Settings) -> str | None:
    """The setting "meta" under which the library looks for that index; None if there is none."""
    if index_url == f"{object_url}.dpx":
        return ""
    probe = session_for(with_setting(own, "meta", _PROBE))
    layout = _dataplug.index_home(probe, object_url)[len(_PROBE) :]
    return index_url.removesuffix(layout) if index_url.endswith(layout) else None


def objects_of(token: str, own: Settings = ()) -> Iterator[tuple[str, Settings]]:
    """The object of each member of a slice, and the settings by which its index is found."""
    slice_ = json.loads(token)
    for member in slice_.get("set", [slice_]):
        url, index = member["object"], member["index"]
        meta = _meta_of(url, index, own) if index else None
        yield url, own if meta is None else with_setting(own, "meta", meta)
