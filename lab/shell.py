"""Run a command to its end; its failure is an error that shows what it said."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lab.errors import LabError


def run(
    *command: str | Path,
    stdin: str | None = None,
    cwd: Path | None = None,
    within: float | None = 300,
    environment: dict[str, str] | None = None,
) -> str:
    """Return the standard output of `command`."""
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            cwd=cwd,
            timeout=within,
            check=False,
            env=environment,
        )
    except FileNotFoundError as missing:
        raise LabError(
            f"there is no program {command[0]}; lab/packages.txt names what to install"
        ) from missing
    except subprocess.TimeoutExpired as late:
        raise LabError(f"{_line(command)} did not end within {within} s") from late
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise LabError(f"{_line(command)} ended with {done.returncode}:\n{said}")
    return done.stdout


def succeeds(*command: str | Path) -> bool:
    """Say whether `command` ends with 0."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=30
    )
    return done.returncode == 0


def _line(command: Sequence[str | Path]) -> str:
    text = shlex.join(str(word) for word in command)
    return text if len(text) < 300 else text[:300] + " ..."
