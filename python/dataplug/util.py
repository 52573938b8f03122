"""Helpers of the older interface."""

from __future__ import annotations

import logging

from .storage import StoragePath


def setup_logging(level: int | str = logging.INFO) -> None:
    """Shows what dataplug logs on stderr. Twice is as good as once."""
    logger = logging.getLogger("dataplug")
    logger.setLevel(level)
    if any(type(handler) is logging.StreamHandler for handler in logger.handlers):
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)


def split_s3_path(path: str) -> tuple[str, str]:
    """s3://bucket/key as bucket and key."""
    found = StoragePath.from_uri(path)
    return found.bucket, found.key
