"""A process that is killed, and commands that are killed at any step."""

from __future__ import annotations

import os

from tests.unit.tool.local_service import LocalService


def test_a_process_killed_from_outside_is_started_again(shop: LocalService) -> None:
    shop.morrow("up", "local")
    for pid in shop.processes():
        os.killpg(pid, 9)
    assert shop.morrow("status", "local").code == 1
    assert shop.morrow("up", "local").code == 0
    assert shop.get() == "one hello"


def test_a_number_that_another_process_took_over_is_left_alone(shop: LocalService) -> None:
    shop.morrow("up", "local")
    shop.morrow("down", "local")
    for file in shop.state.glob("*/pid"):
        file.write_text(str(os.getpid()))
        os.utime(file, (1_000_000_000, 1_000_000_000))  # long before this process began
    assert shop.morrow("status", "local", "--json").answer["running"] is False
    assert shop.morrow("down", "local", "--json").answer["stopped"] == []
    for file in shop.state.glob("*/pid"):
        file.unlink()


STEPS = [
    ("replace.folders_of", "before"),
    ("replace.folders_of", "after"),
    ("state.Runs.add", "after"),
    ("replace.spawn", "after"),
    ("replace.wait_ready", "after"),
    ("state.Runs.mark_served", "after"),
    ("state.Runs.prune", "before"),
]

DIE = """
import os, signal
from morrow.tool.targets.process import replace, state
place, name = "{step}".rsplit(".", 1)
owner = eval(place)
real = getattr(owner, name)
def dying(*words, **more):
    if "{when}" == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(*words, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, name, dying)
from morrow.tool.cli.main import main
main()
"""


def test_a_first_start_killed_at_any_step_converges(shop: LocalService) -> None:
    for step, when in STEPS[1:5]:
        killed = shop.morrow("up", "local", main=DIE.format(step=step, when=when))
        assert killed.code == -9, f"{step} was not reached: {killed}"
        again = shop.morrow("up", "local")
        assert again.code == 0, (step, again)
        assert shop.get() == "one hello"
        assert len(shop.processes()) == 1, f"{step}: nothing is left behind"
        assert shop.morrow("down", "local").code == 0


def test_a_take_over_killed_at_any_step_converges(shop: LocalService) -> None:
    assert shop.morrow("up", "local").code == 0
    before = "one"
    for number, (step, when) in enumerate(STEPS):
        shop.write(f"version{number}")
        killed = shop.morrow("up", "local", main=DIE.format(step=step, when=when))
        assert killed.code == -9, f"{step} was not reached: {killed}"
        assert shop.get() in (f"{before} hello", f"version{number} hello"), "somebody serves"
        again = shop.morrow("up", "local")
        assert again.code == 0, (step, again)
        assert shop.get() == f"version{number} hello"
        assert len(shop.processes()) == 1, f"{step}: nothing is left behind"
        before = f"version{number}"
    assert "already runs" in shop.morrow("up", "local").out
