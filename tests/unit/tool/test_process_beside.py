"""Tasks, workers and crons beside the web process, of an application that knows no Morrow."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.schedule import following
from tests.unit.kit.processes import lives
from tests.unit.tool.command import MORROW
from tests.unit.tool.local_service import ROOT, LocalService, local_service

pytestmark = pytest.mark.timeout(900)  # a hang is found by this, a busy machine is none
PATIENCE = 240.0  # for what comes at once where the machine is not busy
APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"one"]
"""
PROJECT = f'[tool.morrow]\napp = "shop:app"\nsource = "source"\nchart = "{ROOT / "chart"}"\n'
PROCESSES = """
processes:
  last: {kind: job, order: 2, command: [sh, -c, "echo last >> $STEPS"]}
  first: {kind: job, order: 1, command: [sh, -c, "echo first >> $STEPS; exit $FAILS"]}
  queue: {kind: worker, env: {NAME: high}, command: [sh, -c, "echo worker $NAME; exec sleep 600"]}
  beat: {kind: cron, schedule: "0 0 1 1 *", command: [echo, beat]}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[LocalService]:
    with local_service(tmp_path / "project") as made:
        (made.folder / "pyproject.toml").write_text(PROJECT)
        (made.folder / "source" / "shop.py").write_text(APP)
        write(made)
        yield made
        assert beside(made) == {}, "nothing that was started is left"


def write(shop: LocalService, fails: int = 0, processes: str = PROCESSES) -> None:
    file = shop.folder / "environments" / "local.yaml"
    config = f'config: {{STEPS: "{shop.folder}/steps", FAILS: "{fails}"}}\n'
    ports = f"ports: {{http: {shop.http}, admin: {shop.admin}}}\n"
    head = "name: shop\nenvironment: local\ntarget: {kind: process}\n"
    image = "image: {repository: registry.example.com/shop}\n"
    file.write_text(head + image + ports + config + processes)


def steps(shop: LocalService) -> list[str]:
    return (shop.folder / "steps").read_text().split()


def beside(shop: LocalService) -> dict[str, int]:
    """The processes beside the web process that live."""
    pids = {file.stem: int(file.read_text()) for file in shop.state.glob("*/*.pid")}
    return {name: pid for name, pid in pids.items() if lives(pid)}


def within(seconds: float, done: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
    return found


def test_tasks_come_first_and_the_others_beside(shop: LocalService) -> None:
    told = shop.morrow("up", "local")
    assert told.code == 0, told
    assert (shop.get(), steps(shop)) == ("one", ["first", "last"])
    first = beside(shop)
    assert set(first) == {"queue", "beat"}
    running = shop.morrow("status", "local", "--json").answer["processes"]
    assert {name: pid for name, pid in running.items() if pid} == first
    lines = shop.morrow("logs", "local", "--json").answer["lines"]
    said = "\n".join(lines)
    assert "worker high" in said, "its own variables"
    assert [line for line in lines if line.startswith("[web] ") and '"serving"' in line]
    (one,) = shop.morrow("logs", "local", "--process", "queue", "-n", "1", "--json").answer["lines"]
    assert "worker high" in one
    told = shop.morrow("logs", "local", "--process", "no", "--json")
    assert (told.code, told.problem["code"]) == (2, "pod-missing")

    # Nothing has changed: nothing is started again, but what has died is.
    os.kill(first["queue"], signal.SIGKILL)
    assert shop.morrow("up", "local").code == 0
    again = beside(shop)
    assert again["beat"] == first["beat"]
    assert again["queue"] != first["queue"]
    assert steps(shop) == ["first", "last"]

    # A task that fails stops the new version: the old one serves on, with all beside it.
    (shop.folder / "source" / "shop.py").write_text(APP.replace("one", "two"))
    write(shop, fails=3)
    told = shop.morrow("up", "local", "--json")
    assert (told.code, told.problem["code"], told.problem["object"]) == (
        1,
        "job-failed",
        "task first",
    )
    assert "exit code 3" in told.problem["cause"]
    assert (shop.get(), beside(shop), steps(shop)[2:]) == ("one", again, ["first"])

    write(shop)
    assert shop.morrow("up", "local").code == 0
    assert (shop.get(), steps(shop)[3:]) == ("two", ["first", "last"])
    assert set(beside(shop).values()).isdisjoint(again.values())
    assert shop.morrow("down", "local").code == 0


def test_a_worker_that_ends_at_once_is_told_and_the_service_serves(shop: LocalService) -> None:
    write(shop, processes="processes: {queue: {kind: worker, command: [no-such-program]}}\n")
    told = shop.morrow("up", "local", "--json")
    assert (told.code, told.problem["code"], told.problem["object"]) == (
        1, "process-crashed", "worker queue",
    )  # fmt: skip
    assert "exit code 127; the web process serves" in told.problem["cause"]
    assert shop.get() == "one"


def test_watch_takes_changes_over_shows_the_logs_and_ends_everything(shop: LocalService) -> None:
    write(shop, processes="processes: {queue: {kind: worker, command: [sleep, '600']}}\n")
    log = shop.folder.parent / "watch.log"
    with log.open("w") as opened:
        child = subprocess.Popen(
            [*MORROW, "up", "local", "--watch"], cwd=shop.folder, stdout=opened, stderr=opened
        )
    source = shop.folder / "source" / "shop.py"
    try:
        within(PATIENCE, lambda: "watching the files" in log.read_text())
        source.write_text(APP.replace("one", "two"))
        within(PATIENCE, lambda: shop.get() == "two")
        source.write_text("def broken(:")
        within(PATIENCE, lambda: "SyntaxError" in log.read_text())
        assert shop.get(path="/after") == "two", "what cannot be loaded replaces nothing"
        within(PATIENCE, lambda: "/after" in log.read_text())  # and its lines are still shown
        source.write_text(APP.replace("one", "three"))
        within(PATIENCE, lambda: shop.get() == "three")
        within(PATIENCE, lambda: log.read_text().count("[queue] ") >= 2)
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0
    assert shop.processes() == []
    told = shop.morrow("up", "local", "--watch", "--json")
    assert (told.code, "choose one" in told.problem["cause"]) == (2, True)


@pytest.mark.parametrize(
    ("schedule", "after", "next_"),
    [
        ("* * * * *", "2026-03-01 10:00:30", "2026-03-01 10:01"),
        ("*/15 * * * *", "2026-03-01 10:00", "2026-03-01 10:15"),
        ("5,35 8-10/2 * * *", "2026-03-01 08:35", "2026-03-01 10:05"),
        ("0 3 * * mon-fri", "2026-03-06 04:00", "2026-03-09 03:00"),  # a Friday
        ("0 3 * * 0", "2026-03-06 04:00", "2026-03-08 03:00"),
        ("0 0 13 * fri", "2026-03-01 00:00", "2026-03-06 00:00"),  # the one or the other
        ("0 0 */2 * 1", "2026-03-10 00:00", "2026-03-11 00:00"),  # Mondays, and odd days
        ("0 0 */2 * 1", "2026-03-15 00:00", "2026-03-16 00:00"),  # the one or the other
        ("0 0 */1 * 1", "2026-03-09 00:00", "2026-03-16 00:00"),  # the control: Mondays alone
        ("0 0 1,? * 1", "2026-03-09 00:00", "2026-03-16 00:00"),
        ("30 12 29 feb *", "2026-03-01 00:00", "2028-02-29 12:30"),
        ("@monthly", "2026-12-01 00:00", "2027-01-01 00:00"),
        ("0 0 31 4 *", "2026-01-01 00:00", None),  # April has none
    ],
)  # fmt: skip
def test_the_next_time_of_a_schedule(schedule: str, after: str, next_: str | None) -> None:
    found = following(schedule, datetime.fromisoformat(after))
    assert found == (datetime.fromisoformat(next_) if next_ else None)
