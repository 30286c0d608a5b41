"""How fast the command `morrow` speaks, beside a bare `python -c pass`."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
MORROW = "from morrow.tool.cli.main import main; main()"


def _until_first_output(*words: str) -> float:
    """Return milliseconds until the process wrote its first byte, or ended without one."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with child:
        assert child.stdout is not None  # noqa: S101 - a pipe was asked for
        child.stdout.read(1)
        took = (time.perf_counter() - began) * 1e3
        child.stdout.read()
    return took


def starts(rounds: int) -> dict[str, list[float]]:
    """Return milliseconds to the first output, round by round, so that noise meets all alike.

    `plan` stands for every command: each speaks before it imports what it needs. No cluster is
    asked: it speaks, then finds no environment of that name.
    """
    commands = {
        "python -c pass": ("-c", "pass"),
        "morrow --help": ("-c", MORROW, "--help"),
        "morrow up --help": ("-c", MORROW, "up", "--help"),
        "morrow plan": ("-c", MORROW, "plan", "nowhere"),
    }
    measured: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, words in commands.items():
            measured[name].append(_until_first_output(*words))
    return measured
