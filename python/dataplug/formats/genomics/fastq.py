"""FASTQGZip: sequencing reads in gzip, four lines each."""

from __future__ import annotations

from dataplug.cloudobject import CloudObject
from dataplug.formats.compressed.gzipped import GZipText, GZipTextSlice, cut, cut_by_count


class FASTQGZip(GZipText):
    """Reads in gzip."""

    format = "fastq"
    lines = 4


def partition_reads_batches(cloud_object: CloudObject, num_batches: int) -> list[GZipTextSlice]:
    """So many slices of nearly one number of reads; empty ones where there are fewer reads."""
    return cut(cloud_object, FASTQGZip, "chunks", n=num_batches)


def partition_sequences_per_chunk(
    cloud_object: CloudObject, seq_per_chunk: int, strategy: str = "expand"
) -> list[GZipTextSlice]:
    """So many reads a slice. What remains: "expand": a smaller one; "merge": in the last."""
    return cut_by_count(cloud_object, FASTQGZip, seq_per_chunk, strategy)
