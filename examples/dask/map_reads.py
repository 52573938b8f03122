"""Counts the lines of a slice on Dask, three ways.

usage: map_reads.py URL [SLICES]
"""

import sys

import dask.bag
import dataplug
from distributed import Client


def count(data_slice):
    """Lines of one slice; runs on a worker."""
    return sum(1 for _ in data_slice.lines())


def main(url, n):
    """Prints what each way counts."""
    slices = dataplug.open(url).index().partition("chunks", n=n)
    with Client(processes=False, dashboard_address=None) as client:
        # As a bag: without partition_size Dask puts all slices into about a hundred tasks.
        bag = dask.bag.from_sequence(slices, partition_size=1)
        print("bag", bag.map(count).sum().compute())
        # As futures.
        print("client", sum(client.gather(client.map(count, slices))))
        # With retries, splits and counters.
        results = dataplug.map(client, count, slices)
        print("map", sum(results), sum(task.requests for task in results.tasks), "GETs")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20)
