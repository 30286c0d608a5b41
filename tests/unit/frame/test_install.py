"""What `requirements/install.sh` says when no interpreter will do, and that it asks each."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.frame.interpreters import CANDIDATES, python_without, stub
from tests.unit.frame.repository import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what the script reads, and nothing installed."""
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def install(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "requirements" / "install.sh", *words],
        env={"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(folder)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_refused_with_the_mend(folder: Path) -> None:
    for name in CANDIDATES:
        stub(folder / "bin" / name, "echo 'is Python 3.8' >&2; exit 1")
    done = install(folder)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: Morrow needs Python 3.11 or newer; python3 is Python 3.8.",
        "fix:  install one, or name it: make up PYTHON=/path/to/python3.13",
    ]
    assert not (folder / ".venv").exists()


def test_a_python_that_can_make_no_environment_is_told_apart(folder: Path) -> None:
    for name in CANDIDATES:
        stub(folder / "bin" / name, "echo 'is Python 3.8' >&2; exit 1")
    bare = python_without("pip", "ensurepip", folder=folder)
    done = install(folder, PYTHON=str(bare))
    assert done.returncode == 1
    assert f"{bare} cannot make environments (on Debian and Ubuntu: apt install" in done.stderr


def test_the_first_interpreter_that_will_do_is_taken(folder: Path) -> None:
    stub(folder / "bin" / "python3", "echo 'is Python 3.8' >&2; exit 1")
    # It answers the question, and is not what it says: the next step must fail.
    stub(folder / "bin" / "python3.13", "[ $1 = -c ] && echo 3.13.9 pip")
    done = install(folder)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["making .venv with Python 3.13.9 ..."]


def test_an_environment_without_pip_does_not_stand_in_the_way(folder: Path) -> None:
    """First on PATH, as where one is active: the interpreter that made it serves instead."""
    system = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or "python3"
    shutil.rmtree(folder / "bin", ignore_errors=True)
    subprocess.run([system, "-m", "venv", "--without-pip", folder], check=True)
    (folder / "requirements" / "none.txt").touch()
    done = install(folder, "into", str(folder / "there"), "none")
    assert "No module named pip" not in done.stderr
    assert done.returncode == 0, done.stderr
