"""One lock per environment; who holds it is named, what was left behind is taken over."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.cluster import lock
from morrow.tool.environment.model import Environment
from tests.environments import load

HOLDER = """
import sys
from morrow.tool.cluster import lock
from morrow.tool.rules.open import VALID, open_site
with lock.held(open_site("here", None, VALID).environment, "morrow up here"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def here(project_folder: Path) -> Environment:
    file = project_folder / "environments" / "here.yaml"
    file.write_text("environment: here\ntarget: {kind: process}\n")
    return load(Project.find(), "here")


def start_holder() -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_the_second_is_told_who_and_since_when(here: Environment) -> None:
    holder = start_holder()
    with pytest.raises(Failure) as caught, lock.held(here, "morrow down here"):
        pass
    (problem,) = caught.value.problems
    assert (problem.code, problem.object) == ("environment-locked", "here")
    assert caught.value.exit_code == 2
    who = rf"\w+@[^/]+/{holder.pid} holds the lock for \d+ (s|min): morrow up here"
    assert re.fullmatch(who, problem.cause), "the holder, its age, and what it does"
    assert problem.fix.endswith(f"kill {holder.pid}")
    holder.communicate()
    with lock.held(here, "morrow down here"):
        pass


def test_a_killed_holder_leaves_nothing(here: Environment) -> None:
    holder = start_holder()
    holder.kill()
    holder.communicate()
    with lock.held(here, "morrow up here"):
        pass


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(3, "3 s"), (119, "119 s"), (140, "2 min"), (7100, "118 min"), (8000, "2 h"), (-5, "0 s")],
)
def test_an_age_is_said_in_words(seconds: int, age: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Noon(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Noon:
            return cls(2026, 1, 1, 12, tzinfo=tz)

    monkeypatch.setattr(lock, "datetime", Noon)
    since = Noon.now(UTC) - timedelta(seconds=seconds)
    assert lock._age(since.isoformat()) == age
    assert lock._age(since.strftime("%Y-%m-%dT%H:%M:%S.%fZ")) == age, "as a Lease has it"
    assert lock._age("") == "an unknown time"


def test_it_is_freed_by_an_error_too(here: Environment) -> None:
    with pytest.raises(ZeroDivisionError), lock.held(here, "morrow up here"):
        raise ZeroDivisionError
    with lock.held(here, "morrow up here"):
        pass


def test_what_is_kept_stays_out_of_git(here: Environment) -> None:
    root = here.project.root
    subprocess.run(["git", "init", "--quiet", root], check=True)
    with lock.held(here, "morrow up here"):
        (here.project.state / "secret").write_text("value")
    (root / "beside").write_text("the control: git sees this one")
    command = ["git", "-C", str(root), "status", "--porcelain", "--untracked-files=all"]
    seen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "beside" in seen
    assert ".morrow" not in seen
