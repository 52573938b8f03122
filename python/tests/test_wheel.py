"""The wheel: one for every Python from 3.11 on, small, and with nothing in it but the package."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import dataplug
import pytest


@pytest.fixture
def wheel() -> pathlib.Path:
    path = os.environ.get("DATAPLUG_TEST_WHEEL")
    if path is None:
        pytest.skip("scripts/test-python builds the wheel")
    return pathlib.Path(path)


def pythons() -> dict[str, str]:
    """Other Pythons of this machine, from 3.11 on, by version."""
    names = [f"python3.{minor}" for minor in range(11, 20)] + ["python3"]
    found = [path for name in names if (path := shutil.which(name))] + ["/usr/bin/python3"]
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True).stdout.strip()
        found += sorted(map(str, pathlib.Path(root).glob("versions/3.*/bin/python3")))
    ask = "import sys, venv; print('%d.%d' % sys.version_info[:2], sys.version_info >= (3, 11))"
    versions: dict[str, str] = {}
    for path in found:
        done = subprocess.run([path, "-c", ask], capture_output=True, text=True)
        if done.returncode == 0 and done.stdout.endswith("True\n"):
            versions.setdefault(done.stdout.split()[0], path)
    return versions


def test_wheel_has_the_package_alone(wheel: pathlib.Path) -> None:
    python = "".join(map(str, sys.version_info[:2]))
    assert re.fullmatch(rf"dataplug-[\d.]+-cp{python}-abi3-linux_\w+\.whl", wheel.name)
    assert wheel.stat().st_size < 1 << 20
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"_dataplug.abi3.so", "_dataplug-stubs", "dataplug"}
    assert [name for name in names if name.endswith(".so")] == ["_dataplug.abi3.so"]
    assert "dataplug/py.typed" in names


def test_extension_has_the_library_inside(wheel: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path = zipfile.ZipFile(wheel).extract("_dataplug.abi3.so", tmp_path)
    assert os.path.getsize(path) < 2 << 20
    done = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True)
    needed = re.findall(r"NEEDED.*\[(.*)\]", done.stdout)
    assert not [name for name in needed if "dataplug" in name or "python" in name]
    done = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True)
    names = {line.split()[-1] for line in done.stdout.splitlines()}
    # The library's public ones are there for plug-ins.
    assert {name for name in names if not name.startswith("dp_")} == {"PyInit__dataplug"}
    assert "dp_reader_next" in names


@pytest.mark.parametrize("version", pythons())
def test_wheel_works_in_a_clean_environment(
    wheel: pathlib.Path, tmp_path: pathlib.Path, path: str, text: bytes, version: str
) -> None:
    venv = tmp_path / "venv"
    subprocess.run([pythons()[version], "-m", "venv", "--without-pip", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    site = venv / "lib" / f"python{version}" / "site-packages"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    pip += ["--no-index", "--no-deps", "--only-binary=:all:", "--target", str(site)]
    subprocess.run([*pip, "--python-version", version, str(wheel)], check=True)
    (one,) = dataplug.open(path).index().partition("chunks", n=1)
    program = """
import pickle, sys
assert sys.version_info[:2] == tuple(map(int, sys.argv[1].split(".")))
import dataplug
from dataplug.formats.genomics.fastq import FASTQGZip
one = dataplug.Slice(sys.argv[2])
assert pickle.loads(pickle.dumps(one)) == one
ends = [end for batch in one.batches(copy=False) for end in batch.ends]
assert len(ends) == 20000
try:
    dataplug.open("none").index()
except FileNotFoundError as error:
    assert pickle.loads(pickle.dumps(error)).code == -3
sys.stdout.buffer.write(one.get())
"""
    done = subprocess.run(
        [python, "-W", "error", "-c", program, version, one.token], capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == text


def test_package_is_typed_strictly(tmp_path: pathlib.Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        """
import dataplug
from dataplug import CloudObject
from dataplug.formats.genomics.fastq import FASTQGZip, partition_reads_batches

reads: dataplug.Object = dataplug.open("s3://b/k", threads=2).index(progress=lambda a, b: None)
slices: list[dataplug.Slice] = reads.partition("chunks", n=200)
data: bytes = slices[0].get()
lengths: list[int] = [len(record) for batch in slices[0].batches() for record in batch]
co = CloudObject.from_s3(FASTQGZip, "s3://b/k")
for one in co.partition(partition_reads_batches, num_batches=200):
    one.get()
"""
    )
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    for what in (["-p", "dataplug"], [str(program)]):
        done = subprocess.run([*mypy, *what], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout
