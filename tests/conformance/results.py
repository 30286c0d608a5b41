"""What the cases gave, and where Morrow is wrong alone."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


GRANIANS = {
    "a client that stops sending and waits is answered": "Granian ends a connection whose client "
    "has closed its own side, and has no switch for it. The request is finished and logged; a "
    "client that keeps its side open until it has the answer, as gateways and browsers do, gets "
    "it.",
    "both framings, Content-Length and chunked, do not smuggle a request": "Granian takes the "
    "chunks and hides the length, so nothing tells that there were two. What follows is not "
    "taken for a request; an application that fails at every POST fails at this one.",
    "headers of the acceptance arrive": "Granian sends the subprotocol only. Morrow logs a "
    "warning for each accept that has headers.",
}
"""Where Granian is wrong and nothing before it can mend that: what happens, one line a case."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one case went; `wrong` is empty when it was right."""

    group: str
    case: str
    app: str
    server: str
    wrong: str


def measure(python: Path, folder: Path, *words: str) -> Iterator[Result]:
    """Run the cases in that environment; yield as they end."""
    command = [str(python), "-m", "tests.conformance.matrix", str(folder), *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            yield Result(**json.loads(line))
    if process.returncode:
        raise RuntimeError(f"the cases ended with {process.returncode}")


def unexcused(results: Iterable[Result]) -> list[Result]:
    """Return where Morrow is wrong and gunicorn or uvicorn is right."""
    results = list(results)
    right = {
        (one.case, one.app)
        for one in results
        if one.server in ("gunicorn", "uvicorn") and not one.wrong
    }
    return [
        one
        for one in results
        if one.server == "Morrow" and one.wrong and (one.case, one.app) in right
    ]


def mendable(results: Iterable[Result]) -> list[Result]:
    """Return what is unexcused, but for what only Granian can mend."""
    return [one for one in unexcused(results) if one.case not in GRANIANS]
