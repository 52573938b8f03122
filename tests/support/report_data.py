#!/usr/bin/env python3
"""Checks of tests/report.sh that look into reports, which lie in the working folder.

usage: report_data.py CHECK      one of the functions below that have no argument
"""
import json
import pathlib
import re
import sys


def read(name):
    return pathlib.Path(name).read_text(encoding="utf-8")


def data_of(page):
    found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', read(page), re.S)
    assert len(found) == 1, "the data stand once in the page"
    assert "<" not in found[0], "nothing in the data can end their element"
    return json.loads(found[0])


def shown_on(page):
    """What the tables show, by key, as the browser left them."""
    return dict(re.findall(r'data-key="([^"]*)" data-value="([^"]*)"', read(page + ".dom")))


def job():
    """The lines of map --json in order of slices, and the total."""
    lines = [json.loads(line) for line in read("job.jsonl").splitlines()]
    total = lines.pop()
    return sorted(lines, key=lambda line: line["slice"]), total


def price():
    return json.loads(read("price.json"))


def micros(seconds):
    return round(seconds * 1e6)


# ---- the data ----

def columns_have_one_length():
    for page, names in (("job.html", ("slices", "spans", "tasks")), ("plan.html", ("slices", "spans"))):
        for name in names:
            columns = data_of(page)[name].values()
            assert len({len(column) for column in columns if column is not None}) == 1, (page, name)


def tasks_are_those_of_the_job():
    tasks, (lines, _) = data_of("job.html")["tasks"], job()
    for name in ("slice", "attempts", "requests", "bytes", "worker"):
        assert tasks[name] == [line[name] for line in lines], name
    for name in ("start", "fetch", "decode", "user"):
        assert tasks[name] == [micros(line[name]) for line in lines], name
    assert tasks["time"] == [micros(line["seconds"]) for line in lines]


def sums_are_those_of_the_total():
    data, (_, total) = data_of("job.html"), job()
    for name in ("attempts", "requests", "bytes"):
        assert sum(data["tasks"][name]) == total[name], name
    assert data["job"]["time"] == micros(total["seconds"])
    assert data["job"]["result"] == total["data"]


def times_of_a_task_fit():
    tasks = data_of("job.html")["tasks"]
    for i, time in enumerate(tasks["time"]):
        assert tasks["fetch"][i] + tasks["decode"][i] + tasks["user"][i] <= time + 2, i
        assert tasks["worker"][i] < 3, i


def spans_are_what_was_read():
    spans, (lines, _) = data_of("job.html")["spans"], job()
    read_by = [(line["slice"], *line["read"][0]) for line in lines if line["read"][0][1]]
    assert list(zip(spans["slice"], spans["begin"], spans["end"])) == read_by
    assert len(read_by) > 6


def a_plan_is_what_is_read_then():
    plan, done = data_of("plan.html"), data_of("job.html")
    planned = {row[0]: row[1:] for row in zip(*plan["spans"].values())}
    urls = [[one["url"] for one in data["objects"]] for data in (plan, done)]
    for part, number, begin, end in zip(*done["spans"].values()):
        assert planned[part][1:] == (begin, end), part
        assert urls[0][planned[part][0]] == urls[1][number], part


def a_plan_has_its_price():
    slices = data_of("plan.html")["slices"]
    for name in ("requests", "bytes", "needed"):
        assert sum(slices[name]) == price()[name], name
    assert all(units > 0 for units in slices["units"])
    assert sum(slices["records"]) == 14000


def objects_are_those_of_the_index():
    objects = data_of("plan.html")["objects"]
    names = [one["url"].rsplit("/", 1)[1].replace("%3C", "<").replace("%3E", ">") for one in objects]
    assert names == ["<c>.fastq.gz", "a.fastq.gz", "b.fastq"], names
    assert [one["records"] for one in objects] == [2000, 9000, 3000]
    for name, one in zip(names, objects):
        assert one["size"] == pathlib.Path("run", name).stat().st_size
        assert one["index_size"] == pathlib.Path("run", name + ".dpx").stat().st_size
        assert (one["format"], one["record"]) == ("fastq", "read")


def failures_have_their_tokens():
    data, (lines, _) = data_of("job.html"), job()
    tokens, failures = read("s.jsonl").splitlines(), data["failures"]
    assert data["failed"] == len(failures) == sum(line["code"] != "DP_OK" for line in lines) > 2
    for failure in failures:
        line = lines[failure["slice"]]
        assert (failure["code"], failure["message"]) == (line["code"], line["message"])
        assert data["codes"][str(data["tasks"]["code"][failure["slice"]])] == line["code"]
        # A token that cannot be read may hold anything.
        assert failure["token"] == (tokens[failure["slice"]] if line["code"] == "DP_ESTALE" else None)
    assert (failures[0]["slice"], failures[0]["code"]) == (0, "DP_EFORMAT")


def has_no_address_to_load_from():
    text = read("job.html")
    assert not re.search(r"""(src|href|action)\s*=\s*["']?(https?:|//)|@import|url\(""", text)
    assert "default-src 'none'" in text


def is_of_sets():
    for page in ("set.html", "set-job.html"):
        spans = data_of(page)["spans"]
        assert spans["slice"] == [0, 0, 1, 1, 2, 2], page
        assert spans["object"] == [0, 1, 0, 1, 0, 1], page
        assert spans["begin"][:2] == [0, 0], page


def is_of_nothing():
    assert data_of("empty.html")["tasks"]["slice"] == []
    bad = data_of("bad.html")
    assert bad["failed"] == 2 and bad["objects"] == [] and bad["spans"]["slice"] == []


# ---- what the browser made of them ----

def shows_the_jobs_numbers():
    shown, (lines, total) = shown_on("job.html"), job()
    for name in ("attempts", "requests", "bytes"):
        assert int(shown[name]) == total[name], name
    assert int(shown["job-time"]) == micros(total["seconds"])
    for name in ("fetch", "decode", "user"):
        assert abs(int(shown[name]) - micros(total[name])) <= len(lines), name
    bad = sum(line["code"] != "DP_OK" for line in lines)
    assert [int(shown[name]) for name in ("slices", "failed", "done")] == [len(lines), bad, len(lines) - bad]
    assert int(shown["result-reads"]) == total["data"]["reads"]
    assert f">{total['requests']:,}</td>" in read("job.html.dom"), "as people read it"


def shows_the_plans_numbers():
    shown, slices = shown_on("plan.html"), data_of("plan.html")["slices"]
    for name in ("requests", "bytes", "needed", "slices"):
        assert int(shown[name]) == price()[name], name
    for name in ("bytes", "requests", "units", "records"):
        values = slices[name]
        mean = sum(values) / len(values)
        deviation = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
        assert abs(float(shown[name + "-peak"]) - max(values) / mean) < 1e-9, name
        assert abs(float(shown[name + "-cv"]) - deviation / mean) < 1e-9, name


def shows_failures():
    text, (lines, _) = read("job.html.dom"), job()
    bad = sum(line["code"] != "DP_OK" for line in lines)
    assert f"{bad} of {len(lines)} slices failed" in text
    assert text.count('<span class="badge">DP_ESTALE') >= bad - 1
    assert "kept out" in text


def takes_data_as_text():
    text = read("job.html.dom")
    assert "<c>" not in text and "&lt;c&gt;.fastq.gz" in text


globals()[sys.argv[1]]()
