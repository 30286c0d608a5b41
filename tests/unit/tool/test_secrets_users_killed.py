"""A rotation of two users, killed at each step: it serves, and the next command ends it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.unit.tool import database as databases
from tests.unit.tool.command import MORROW
from tests.unit.tool.database import Shop, asking

pytestmark = pytest.mark.timeout(1800)
ROTATE = ("secrets", "rotate", "local")
# What marks a step that was begun or done: a program, the database, the file.
STEP = ("$ ", "  PostgreSQL: ", "  environments/local.yaml: secrets.")
LEAST = {"generated": {"python", "PostgreSQL:", "environments/local.yaml:"}}
LEAST["sops"] = {*LEAST["generated"], "sops"}


@pytest.mark.full  # a rotation or two for each of its steps
@pytest.mark.parametrize("provider", ["generated", "sops"])
def test_killed_at_any_step_it_serves_and_the_next_command_ends_it(
    tmp_path: Path, provider: str
) -> None:
    steps: list[str] = []
    with (
        databases.database() as database,
        databases.shop(tmp_path, database, provider) as shop,
        asking(shop, pause=0.1) as asked,
    ):
        while step := killed_at(len(steps) + 1, shop):
            steps.append(step)
            assert shop.get() in database.may_log_in(), steps
            told = shop.morrow(*ROTATE)
            assert told.code == 0, (steps, told)
            assert [shop.get()] == database.may_log_in(), steps
        assert [shop.get()] == database.may_log_in(), "at last it was not killed"
    assert {step.removeprefix("$ ").split()[0] for step in steps} >= LEAST[provider], steps
    assert steps[-1].endswith("may not log in any more"), "it was killed after the last step, too"
    assert asked.lost == []
    assert len(asked.users) > 100


def killed_at(number: int, shop: Shop) -> str:
    """Kill a rotation as it says the step of that number; return that, or ""."""
    child = subprocess.Popen(
        [*MORROW, *ROTATE, "--show-commands"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=shop.folder,
        env={**os.environ, **shop.variables},
    )
    assert child.stderr is not None
    seen = 0
    for line in child.stderr:
        seen += line.startswith(STEP)
        if seen == number:
            child.kill()
            child.wait()
            return line.strip()
    assert child.wait() == 0
    return ""
