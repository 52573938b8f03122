"""One step of benchmarks/original, in a process of its own; either package runs the same program.

usage: original_step.py index|check|loop|lithops URI META SLICES

Prints what it measured as a line of JSON.
"""

import hashlib
import json
import os
import pathlib
import re
import resource
import sys
import time

from dataplug import CloudObject
from dataplug.formats.genomics.fastq import FASTQGZip, partition_reads_batches

# A line of the gateway for a request that it answered: status, bytes sent.
ANSWERED = re.compile(r'beast: .* "[A-Z]+ \S+ HTTP/1\.1" (\d+) (\d+) ')


def open_object(uri, meta):
    """Given keys, the original asks for no token, which this server does not give for a day."""
    keys = {
        "AccessKeyId": os.environ["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": os.environ["AWS_SECRET_ACCESS_KEY"],
    }
    config = {
        "credentials": keys,
        "endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "region_name": os.environ["AWS_REGION"],
    }
    return CloudObject.from_s3(FASTQGZip, uri, metadata_bucket=meta, s3_config=config)


def cpu():
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


class Gateway:
    """What the server's gateway says that it answered, as it is the same witness for both."""

    def __init__(self):
        log = pathlib.Path(os.environ["DATAPLUG_TEST_S3_DIR"]) / "log" / "client.rgw.log"
        self.file = log.open()
        self.answered()

    def answered(self):
        """Requests and bytes since the last call."""
        time.sleep(1)  # it writes its log a little later
        found = ANSWERED.findall(self.file.read())
        return len(found), sum(int(sent) for _, sent in found)


def count_reads(data_slice):
    return len(data_slice.get()) // 4


def index(uri, meta, _):
    begin, used = time.monotonic(), cpu()
    open_object(uri, meta).preprocess(force=True)
    return {"wall": time.monotonic() - begin, "cpu": cpu() - used}


def cut(uri, meta, count):
    return open_object(uri, meta).partition(partition_reads_batches, num_batches=count)


def check(uri, meta, count):
    """All lines of all slices, in their order."""
    digest, lines = hashlib.sha256(), 0
    for one in cut(uri, meta, count):
        found = one.get()
        lines += len(found)
        digest.update("".join(f"{line}\n" for line in found).encode())
    return {"lines": lines, "sha256": digest.hexdigest()}


def loop(uri, meta, count):
    gateway = Gateway()
    begin = time.monotonic()
    slices = cut(uri, meta, count)
    cutting = time.monotonic() - begin
    to_cut, _ = gateway.answered()
    begin, used = time.monotonic(), cpu()
    reads = sum(map(count_reads, slices))
    wall, used = time.monotonic() - begin, cpu() - used
    requests, sent = gateway.answered()
    return {
        "cutting": cutting,
        "to cut": to_cut,
        "slices": len(slices),
        "wall": wall,
        "cpu": used,
        "reads": reads,
        "requests": requests,
        "bytes": sent,
    }


def lithops(uri, meta, count):
    from lithops import FunctionExecutor

    slices = cut(uri, meta, count)
    begin = time.monotonic()
    with FunctionExecutor() as fexec:
        fexec.map(count_reads, slices)
        reads = sum(fexec.get_result())
        wall = time.monotonic() - begin
    return {"wall": wall, "reads": reads}


STEPS = {"index": index, "check": check, "loop": loop, "lithops": lithops}
if __name__ == "__main__":
    name, uri, meta, count = sys.argv[1:]
    print(json.dumps(STEPS[name](uri, meta, int(count))))
