"""The examples of the README and docs/python.md, as a reader would run them."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import pytest
from conftest import S3

ROOT = pathlib.Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_examples_run(page: str, s3_env: S3, path: str, packed: bytes) -> None:
    s3_env.put("genomics", "reads.fastq.gz", packed)
    blocks = BLOCK.findall((ROOT / page).read_text())
    assert blocks
    program = "\n".join(blocks)
    if page == "README.md":
        program += "\nassert part.startswith(b'@r7500\\n') and part.count(b'\\n') == 10000\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
