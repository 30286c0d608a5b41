"""The command `morrow`, run as a process of its own to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

MAIN = "from morrow.tool.cli.main import main; main()"
MORROW = (sys.executable, "-c", MAIN)


class Told(NamedTuple):
    """What one run of the command said."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The JSON on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def problem(self) -> dict[str, Any]:
        """The first problem that it named."""
        found: dict[str, Any] = self.answer["problems"][0]
        return found


def morrow(
    *words: str, folder: Path | None = None, main: str = MAIN, stdin: str = "", **variables: str
) -> Told:
    """Run it in a folder, as a shell would: not as `make` does, and with no context given."""
    keep = {k: v for k, v in os.environ.items() if k not in ("MAKELEVEL", "MORROW_CONTEXT")}
    done = subprocess.run(
        [sys.executable, "-c", main, *words],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**keep, **variables},
        timeout=120,
        check=False,
    )
    return Told(done.returncode, done.stdout, done.stderr)
