"""A rotation of encrypted secrets, killed at each step: it serves, and the next command goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.tool import sealing
from tests.unit.tool.command import MORROW
from tests.unit.tool.sealing import Sealed

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Sealed]:
    made = Sealed(tmp_path / "project", sealing.identity(tmp_path / "me.txt"))
    try:
        yield made
    finally:
        if made.processes():
            made.morrow("down", "local")


def test_killed_at_any_step_it_serves_and_the_next_command_goes_on(shop: Sealed) -> None:
    assert shop.morrow("secrets", "set", "local", "API_TOKEN", stdin="first").code == 0
    assert shop.morrow("up", "local").code == 0
    steps = []
    for number in range(1, 9):
        child = subprocess.Popen(
            [*MORROW, "secrets", "rotate", "local", "--show-commands"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=shop.folder,
            env={**os.environ, **sealing.variables(shop.who)},
        )
        assert child.stderr is not None
        seen = [line for line in iter(child.stderr.readline, "") if _step(line, child, number)]
        child.wait(60)
        assert shop.get() == "one hello", "it serves all the while"
        if child.returncode == 0:
            break
        steps.append(seen[-1].strip())
        up = shop.morrow("up", "local", "--json")
        assert up.code == 0, (steps, up)
        assert shop.get() == "one hello"
    assert child.returncode == 0, "at last it was not killed"
    assert {step.split()[1] for step in steps} >= {"python", "sops"}, steps


def _step(line: str, child: subprocess.Popen[str], number: int) -> bool:
    """Whether a line shows a command; at command `number` the child is killed."""
    if not line.startswith("$ "):
        return False
    child.seen = getattr(child, "seen", 0) + 1  # type: ignore[attr-defined]
    if child.seen == number:  # type: ignore[attr-defined]
        child.kill()
    return True
