"""Counts the reads of a FASTQ.gz, and their bases, on Lithops' workers.

usage: map_reads.py URL [SLICES]
"""

import sys

import dataplug
import lithops


def count(data_slice):
    """Reads and bases of one slice; runs on a worker."""
    reads = bases = 0
    for batch in data_slice.batches():
        for record in batch:
            reads += 1
            bases += len(record.split(b"\n", 2)[1].rstrip(b"\r"))
    return reads, bases


def main(url, n):
    """Prints the sums."""
    slices = dataplug.open(url).index().partition("chunks", n=n)
    with lithops.FunctionExecutor() as executor:
        results = dataplug.map(executor, count, slices)
    for error in results.errors:
        print(f"{error.slice}: {error.kind}: {error.message}", file=sys.stderr)
    good = [result for result in results if result]
    print(sum(reads for reads, _ in good), "reads,", sum(bases for _, bases in good), "bases")
    gets = sum(task.requests for task in results.tasks)
    print(gets, "GETs,", sum(task.bytes for task in results.tasks), "bytes")
    return 1 if results.errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200))
