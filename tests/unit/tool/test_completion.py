"""What a shell completes, in the shells themselves, switched on as docs/operations.md says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.tool.command import MORROW, morrow
from tests.unit.tool.pseudo_terminal import shown_by

OPERATIONS = Path(__file__).resolve().parents[3] / "docs" / "operations.md"
BASH = "COMP_WORDS=(morrow plan '') COMP_CWORD=2; _morrow_completion morrow; echo ${COMPREPLY[@]}"
MODERN = "(( BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404 )) || exit 77"


def test_completion_knows_commands_environments_and_codes(project_folder: Path) -> None:
    def complete(line: str) -> list[str]:
        words = line.split(" ")
        _, out, _ = morrow(
            _MORROW_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)
        )
        return [row.partition(",")[2] for row in out.splitlines()]

    assert complete("morrow pl") == ["plan", "platform"]
    assert complete("morrow plan ") == ["dev"]
    assert complete("morrow explain plan-s") == ["plan-stale"]


@pytest.fixture
def with_morrow(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH begins with a `morrow`."""
    command = tmp_path / "bin" / "morrow"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(MORROW[0])} -c "{MORROW[2]}" "$@"\n')
    command.chmod(0o755)
    return {**os.environ, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}


def the_line(shell: str) -> str:
    """The documented line, for this shell."""
    (line,) = re.findall(r"(?m)^eval .*_MORROW_COMPLETE=bash_source.*$", OPERATIONS.read_text())
    return str(line).replace("bash_source", f"{shell}_source")


def needs(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}: its completion")


def test_bash(project_folder: Path, with_morrow: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", "\n".join((MODERN, the_line("bash"), BASH))],
        env=with_morrow,
        cwd=project_folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("bash is older than 4.4")
    assert (done.stdout, done.stderr) == ("dev\n", "")


def test_fish(project_folder: Path, with_morrow: dict[str, str], tmp_path: Path) -> None:
    needs("fish")
    said = subprocess.run(["fish", "--version"], capture_output=True, text=True, check=True).stdout
    if [int(number) for number in said.split()[-1].split(".")[:2]] < [3, 4]:
        pytest.skip("fish is older than 3.4")
    script = f"{the_line('fish')}\ncomplete --do-complete 'morrow plan '"
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        env=with_morrow | {"HOME": str(tmp_path)},
        cwd=project_folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("dev\n", "")


def test_zsh(project_folder: Path, with_morrow: dict[str, str], tmp_path: Path) -> None:
    """Its functions work only under the fingers of someone, so this types: tab, then enter."""
    needs("zsh")
    # Whoever has vi for an editor would get its keys too.
    ready = "bindkey -e; autoload -Uz compinit; compinit -u -D"
    typed = f"{ready}\n{the_line('zsh')}\nmorrow plan \t\x01echo what it got: \nexit\n"
    environment = with_morrow | {"HOME": str(tmp_path), "TERM": "dumb", "PS1": ""}
    code, shown = shown_by(["zsh", "-f", "-i"], project_folder, environment, typed)
    assert code == 0, shown
    assert "what it got: morrow plan dev" in shown.splitlines()
