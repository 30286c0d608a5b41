"""One line of the doctor's table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from morrow.tool.base.errors import Problem


@dataclass(frozen=True)
class Check:
    """What was looked at, and how it is."""

    name: str
    state: str  # ok | warn | fail | skip
    text: str
    problem: Problem | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        plain = {"name": self.name, "state": self.state, "text": self.text}
        return {**plain, "problem": self.problem.as_json() if self.problem else None}


def failed(name: str, problems: Iterable[Problem]) -> Iterator[Check]:
    """Yield a line for each problem."""
    for wrong in problems:
        yield Check(name, "fail", f"{wrong.object}: {wrong.cause}", wrong)
