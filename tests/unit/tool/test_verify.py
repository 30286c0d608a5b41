"""`morrow verify` of a process: the contract, and nothing lost; each with what breaks it."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from morrow.tool.base.project import Project
from morrow.tool.base.web import Answer
from morrow.tool.environment.model import Environment
from morrow.tool.targets.process import verify as verify_process
from morrow.tool.targets.process.state import Run, Runs
from tests.unit.tool.local_service import LocalService

HERE = Path()
BARE = Environment(Project(HERE, "", "", HERE, HERE, HERE, HERE), "local", (), {}, {}, "")


def test_an_update_loses_nothing_and_a_plain_restart_does(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    pid = shop.processes()
    report = shop.folder / "report.html"
    words = ("verify", "local", "--during", "update")
    kept = shop.morrow(*words, "--load", "50", "--json", "--report", str(report))
    assert kept.code == 0, kept
    found = kept.answer
    assert (found["ok"], found["first_broken"]) == (True, None)
    assert found["load"]["failed"] == 0
    assert found["load"]["requests"] >= 300
    assert [event["name"] for event in found["load"]["events"]] == ["update", "after"]
    assert shop.processes() != pid, "the control: the process was really replaced"
    html = report.read_text()
    assert "promises kept" in html
    assert "<script" not in html

    lost = shop.morrow(*words, "--without-drain")
    assert lost.code == 1
    assert "✗ no request is lost during update, without drain" in lost.out
    assert "broken: no request is lost during update, without drain: " in lost.out
    assert "refused" in lost.out
    assert shop.morrow("status", "local").code == 0, "it serves again"


@pytest.mark.parametrize("change", ["config", "secret"])
def test_a_change_is_made_and_taken_back(shop: LocalService, change: str) -> None:
    shop.write(text="one")  # what the contract asks for must hold in both
    assert shop.morrow("up", "local").code == 0
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.add(shop.get() if change == "config" else shop.get(shop.admin, "/info"))
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    told = shop.morrow("verify", "local", "--during", change, "--load", "20")
    over.set()
    watcher.join()
    assert told.code == 0, told.out + told.err
    assert "all" in told.out
    if change == "config":
        assert seen == {"one hello", "one changed"}
    else:
        assert any('"1-verify"' in page for page in seen)
        assert [one.name for one in shop.state.glob("secrets-*")] == ["secrets-1"]
    assert "already runs" in shop.morrow("up", "local").out, "it is as the files say"


def test_a_killed_worker_is_replaced(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    pid = shop.processes()
    told = shop.morrow("verify", "local", "--during", "kill", "--load", "20", "--json")
    assert told.code == 0, told.out + told.err
    assert "was killed (SIGKILL)" in told.answer["facts"]["how"]
    assert shop.processes() == pid, "the main process outlives its worker"


def test_the_first_broken_promise_is_named(shop: LocalService) -> None:
    shop.write(text="a sentence that nobody says")
    assert shop.morrow("up", "local").code == 0
    told = shop.morrow("verify", "local")
    assert told.code == 1
    promise = "GET / answers 200 with “a sentence that nobody says”"
    assert told.out.splitlines()[-1].startswith(f"broken: {promise}: 200 in")
    as_json = shop.morrow("verify", "local", "--json")
    assert (as_json.code, as_json.answer["first_broken"]) == (1, promise)
    assert sum(not line["ok"] for line in as_json.answer["promises"]) == 1

    shop.write("two")  # the file's code is no longer what runs
    assert "✗ the code and settings that run are the files'" in shop.morrow("verify", "local").out


def test_what_does_not_run_is_not_verified(shop: LocalService) -> None:
    told = shop.morrow("verify", "local", "--json")
    assert (told.code, told.problem["code"]) == (2, "not-running")
    assert told.problem["fix"] == "morrow up local"
    assert shop.morrow(*told.problem["fix"].split()[1:]).code == 0
    assert shop.morrow("verify", "local").code == 0


def test_a_protected_environment_wants_its_name(shop: LocalService) -> None:
    file = shop.folder / "environments" / "local.yaml"
    text = file.read_text().replace("kind: process", "kind: process, protected: true")
    file.write_text(text.replace("registry.example.com/shop", f"x/y, digest: 'sha256:{'0' * 64}'"))
    without = shop.morrow("verify", "local", "--load", "10", "--json")
    assert (without.code, without.problem["code"]) == (2, "confirm-needed")
    kill = shop.morrow("verify", "local", "--during", "kill", "--confirm", "local", "--json")
    assert (kill.code, kill.problem["code"]) == (2, "kill-refused")
    named = shop.morrow("verify", "local", "--load", "10", "--confirm", "local", "--json")
    assert named.problem["code"] == "not-running", "the control: with the name it goes on"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--for", "5s"), "--load or --during"),
        (("--load", "10", "--for", "soon"), "not a duration"),
        (("--without-drain",), "--during update"),
        (("--url", "shop.example.com"), "http:// or https://"),
        (("--url", "http://shop.example.com"), "for a cluster"),
        (("--during", "lunch"), "'update'"),
        (("--url", "http://shop.example.com:http"), "or no port"),
        (("--connect", "shop:http"), "'shop:http' names no host"),
        (("--report", "nowhere/report.html"), "no folder nowhere"),
    ],
)
def test_wrong_use_is_refused(shop: LocalService, words: tuple[str, ...], said: str) -> None:
    told = shop.morrow("verify", "local", *words)
    assert (told.code, said in told.err) == (2, True), told


def test_the_reports_plots_hold_the_loss(tmp_path: Path) -> None:
    from morrow.tool.load.result import Event, Failed, Result, Sample
    from morrow.tool.report.page import Line, page
    from morrow.tool.report.plots import bins

    lost = [10, 11, 12]
    samples = [Sample(n / 10, 0.002, n % 2 == 0, n in lost, False) for n in range(100)]
    failed = [
        Failed(n / 10, 0.001, "<up>", "refused", "<b>no</b>", False, False, "a:1", "") for n in lost
    ]
    bad = Result("http://x/", 10, 0, 10, 0.001, [Event(0.9, "<up>")], samples, failed)
    good = Result("http://x/", 10, 0, 10, 0.001, [], [s for s in samples if not s.failed])
    assert sum(b.sent for b in bins(bad)) == 100
    assert sum(b.failed for b in bins(bad)) == 3
    html = page("shop", [Line(True, "a", "b"), Line(False, "c", "<i>")], (), bad)
    assert html.count('<circle class="bad"') == 3
    assert "1 of 2 promises broken" in html
    assert "<b>no</b>" not in html
    assert "<i>" not in html
    assert "&lt;up&gt;" in html
    assert "prefers-color-scheme:dark" in html
    for outside in ("src=", "href=", "url(", "@import"):
        assert outside not in html, "nothing comes from elsewhere"
    fine = page("shop", [Line(True, "a", "b")], (), good)
    assert '<circle class="bad"' not in fine
    assert "1 of 1 promises kept" in fine
    assert os.linesep in fine


def test_a_secret_that_is_shown_is_named_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(1, 1, 2, "release", "1", 0.0)
    subject = object.__new__(verify_process.ProcessSubject)
    values = {"target": {"kind": "process"}, "secrets": {"keys": ["KEY"]}}
    project = replace(BARE.project, root=tmp_path)
    subject.environment = replace(BARE, project=project, values=values)
    subject.runs = Runs(subject.environment)
    folder = project.state / BARE.label / "secrets-1"
    folder.mkdir(parents=True)
    for value in ("plain", 'with "quotes" and \\'):
        (folder / "KEY").write_text(value)
        for page, shown in ((json.dumps({"key": value}), ["KEY"]), ("{}", [])):
            told = Answer(200, page.encode())
            monkeypatch.setattr(verify_process, "get", lambda *_, told=told: told)
            assert subject._secrets_shown(run) == shown
    for held in (b"\xff\xfe", b"one\r\ntwo", b""):
        (folder / "KEY").write_bytes(held)
        assert subject._secrets_shown(run) == []
    crossed = json.dumps({"key": "one\r\ntwo"})
    (folder / "KEY").write_bytes(b"one\r\ntwo")
    monkeypatch.setattr(verify_process, "get", lambda *_: Answer(200, crossed.encode()))
    assert subject._secrets_shown(run) == ["KEY"]


def test_a_change_of_config_needs_something_to_change(shop: LocalService) -> None:
    file = shop.folder / "pyproject.toml"
    text = file.read_text()
    start = text.index("[tool.morrow.verify.change]")
    assert shop.morrow("up", "local").code == 0
    file.write_text(text[:start])
    refused = shop.morrow("verify", "local", "--during", "config", "--json")
    assert (refused.code, refused.problem["code"]) == (2, "nothing-to-change")
    assert "[tool.morrow.verify.change]" in refused.problem["cause"]
    assert shop.morrow("status", "local").code == 0, "it serves on as before"
