"""A test that this machine cannot run: skipped, counted in one line, a failure under CI=true."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NoReturn

import pytest

LACKING = re.compile(r"no (\S+): ")


def cannot(what: str, why: str, lacking: str = "") -> NoReturn:
    """Skip the test that calls it, or fail where nothing may be missing.

    `lacking` is the program whose absence is the cause: skips are counted by it.
    """
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} was not tested: {why}", pytrace=False)
    pytest.skip(f"no {lacking}: {what}: {why}" if lacking else f"{what}: {why}")


def summary(reasons: Iterable[str]) -> Iterator[str]:
    """Yield one line for all that lacks a program, and one for each other reason."""
    programs: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for reason in reasons:
        lacking = LACKING.match(reason)
        if lacking:
            programs[lacking[1]] += 1
        else:
            others[reason] += 1
    if programs:
        counted = ", ".join(f"{name} {number}" for name, number in programs.most_common())
        yield f"skipped for want of a program: {programs.total()} ({counted})"
    for reason, number in others.most_common():
        yield f"skipped: {number} ({reason})"
