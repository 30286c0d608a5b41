"""One lock per environment; who holds it is named, what was left behind is taken over."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.cluster import lock
from morrow.tool.environment.model import Environment
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.runner import Result
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


@pytest.mark.parametrize(("holder", "later", "held"), [
    ("ann@elsewhere/1", "2", True),
    ("ann@elsewhere/1", "1", False),
    (f"ann@{socket.gethostname()}/999999999", "2", False),
])  # fmt: skip
def test_a_lock_that_is_renewed_is_held_whatever_our_clock_says(
    holder: str, later: str, held: bool, project_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = "2026-01-01T00:00:00.000000Z"
    spec = {"holderIdentity": holder, "renewTime": old, "leaseDurationSeconds": 60}
    versions = iter(("1", later))
    monkeypatch.setattr(Kubectl, "get", lambda *_: {
        "metadata": {"resourceVersion": next(versions)}, "spec": spec})  # fmt: skip
    told = iter((Result((), 1, "", "already exists"), Result((), 0, "uid", "")))
    monkeypatch.setattr(Kubectl, "run", lambda *_, **__: next(told))
    monkeypatch.setattr(lock, "PATIENCE", 0)
    lease = lock._Lease(Kubectl("lab", "demo"), "web-morrow", "morrow up test")
    lease.holder = "bob@here/1"
    refused = pytest.raises(Failure, match="holds the lock") if held else nullcontext()
    with refused:
        lease.take(load(Project.find(), "dev"))
