"""One thing that was left behind, and the step that puts it right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from morrow.tool.base.errors import Problem


@dataclass(frozen=True)
class Finding:
    """One thing that was left behind."""

    problem: Problem
    fix: Callable[[], str] | None
