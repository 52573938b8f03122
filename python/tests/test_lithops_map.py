"""dataplug.map and tasks of C on real Lithops, whose workers are processes of this machine."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys

import dataplug
import pytest
from dataplug import TaskError

CC = shutil.which("cc")


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Lithops' configuration: a worker which has only what is shipped to it.

    One, because of what test_lithops.py says of modules that are shipped.
    """
    file = tmp_path / "lithops.json"
    worker = os.environ.get("DATAPLUG_TEST_WORKER", sys.executable)
    settings = {
        "lithops": {
            "backend": "localhost",
            "storage": "localhost",
            "monitoring_interval": 0.3,
            "log_level": "WARNING",
        },
        "localhost": {"runtime": worker, "worker_processes": 1, "version": 2},
    }
    file.write_text(json.dumps(settings))
    monkeypatch.setenv("LITHOPS_CONFIG_FILE", str(file))
    return settings


@pytest.fixture
def executor(config):
    import lithops

    with lithops.FunctionExecutor(config=config) as made:
        yield made


@pytest.fixture
def slices(path):
    return dataplug.open(path).index(span="64K").partition("chunks", n=4)


def read(data_slice):
    return data_slice.read()


def test_results_equal_the_text(executor, slices, text):
    results = dataplug.map(executor, read, slices)
    assert b"".join(results) == text
    assert sum(task.requests for task in results.tasks) == sum(s.price.requests for s in slices)


def large_fails(data_slice):
    if data_slice.selection.records > 3000:
        raise MemoryError("too large")
    return data_slice.read()


def test_memory_errors_split(executor, slices, text):
    results = dataplug.map(executor, large_fails, slices[:1], merge=b"".join)
    assert results[0] == slices[0].read()
    assert results.tasks[0].pieces == 2


def test_changed_objects_are_tried_once(executor, slices, path):
    pathlib.Path(path).write_bytes(b"something else")
    results = dataplug.map(executor, read, slices[:2])
    assert {error.kind for error in results} == {"DP_ESTALE"}
    assert {task.attempts for task in results.tasks} == {1}


def exits(data_slice):
    if data_slice.selection.first == 0:
        os._exit(3)
    return 1


def test_crashes_are_one_failed_slice(executor, slices):
    results = dataplug.map(executor, exits, slices[:2], split_depth=0)
    assert isinstance(results[0], TaskError)
    assert results[0].kind in ("lost", "memory"), results[0]
    assert results[1] == 1


# ---- tasks of C, by the program that "dataplug map --executor lithops" starts ----

PLUGIN = r"""
#include <dataplug/plugin.h>
#include <stdio.h>
#include <stdlib.h>
static dp_code run(const dp_work *work, dp_write_fn out, void *user, dp_error *err)
{
	dp_reader *reader = NULL;
	dp_batch batch;
	char text[64];
	unsigned long long n = 0;
	const dp_sel *sel = dp_slice_sel(work->slice);
	if (getenv("CRASH") && sel->rec == 0)
		abort();
	dp_code rc = dp_reader_open(&reader, work->slice, err);
	while (rc == DP_OK && (rc = dp_reader_next(reader, &batch, err)) == DP_OK && batch.nrec)
		n += batch.nrec;
	dp_reader_free(reader);
	if (rc != DP_OK)
		return rc;
	return out(user, text, (size_t)snprintf(text, sizeof text, "{\"own\":%llu}", n), err);
}
static const dp_task own = { .name = "own", .doc = "counts", .run = run };
static const dp_task *const tasks[] = { &own, NULL };
const dp_plugin dp_plugin_v1 = { .abi = DP_PLUGIN_ABI, .name = "own", .tasks = tasks };
"""


def run_bridge(words, tokens, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "dataplug.lithops", *words],
        input="\n".join(tokens) + "\n",
        env={**os.environ, "DATAPLUG_ALLOW": "file:///", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return {answer["slice"]: answer for answer in map(json.loads, done.stdout.splitlines())}


def test_built_in_task(config, slices):
    answers = run_bridge(["count"], [s.token for s in slices])
    assert len(answers) == 4
    assert {answer["code"] for answer in answers.values()} == {"DP_OK"}
    assert answers[2]["paid"] == list(slices[2].price)
    for answer in answers.values():
        assert 0 < sum(answer["times"]) <= answer["seconds"] + 1e-6


def test_bad_tokens_are_one_failed_slice(config, slices):
    answers = run_bridge(["count"], ['{"v":1}', slices[1].token])
    assert answers[0]["code"] == "DP_EFORMAT", answers[0]
    assert answers[1]["code"] == "DP_OK"


def test_files_need_leave(config, slices):
    answers = run_bridge(["count"], [slices[0].token], DATAPLUG_ALLOW="")
    assert answers[0]["code"] == "DP_EAUTH", answers[0]


@pytest.fixture(params=["linked with the library", "not linked"])
def plugin(request, tmp_path):
    """A task of C, and what its shared object is linked with: workers have no library but ours."""
    source, library = tmp_path / "own.c", tmp_path / "own.so"
    source.write_text(PLUGIN)
    include = pathlib.Path(__file__).parents[2] / "include"
    words = [CC or "cc", "-shared", "-fPIC", "-I", str(include), str(source), "-o", str(library)]
    if request.param == "linked with the library":
        # As pkg-config links it: its name stands in the plug-in, whoever has it then.
        stub = tmp_path / "libdataplug.so.0"
        subprocess.run(
            ["cc", "-shared", "-Wl,-soname,libdataplug.so.0", "-x", "c", "/dev/null", "-o", stub],
            check=True,
        )
        words += [str(stub)]
        subprocess.run(words, check=True)
        stub.unlink()
    else:
        subprocess.run(words, check=True)
    return str(library)


def test_tasks_of_plugins_travel(config, slices, plugin):
    answers = run_bridge(["own"], [s.token for s in slices], DATAPLUG_PLUGIN_PATH=plugin)
    assert [answers[i]["code"] for i in range(4)] == ["DP_OK"] * 4, answers
    assert answers[1]["data"] == base64.b64encode(b'{"own":5000}').decode()


def test_a_crash_of_a_task_is_one_failed_slice(config, slices, plugin, monkeypatch):
    answers = run_bridge(["own"], [s.token for s in slices], DATAPLUG_PLUGIN_PATH=plugin, CRASH="1")
    assert answers[0]["code"] == "DP_ETASK"
    assert [answers[i]["code"] for i in range(1, 4)] == ["DP_OK"] * 3


PROGRAM = pathlib.Path(__file__).parents[2] / "build" / "tools" / "dataplug"


def answers_of(tokens, *words):
    done = subprocess.run(
        [PROGRAM, "map", tokens, "checksum", "--json", *words],
        env={**os.environ, "DATAPLUG_PYTHON": sys.executable, "DATAPLUG_ALLOW": "file:///"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    kept = ("code", "attempts", "requests", "bytes", "data")
    return {one["slice"]: [one[name] for name in kept] for one in found}


@pytest.mark.skipif(not PROGRAM.exists(), reason="the command line is not built")
def test_command_line_gives_what_threads_give(config, slices, tmp_path):
    tokens = tmp_path / "slices.jsonl"
    tokens.write_text("".join(f"{one.token}\n" for one in slices))
    assert answers_of(tokens, "--executor", "lithops") == answers_of(tokens)
