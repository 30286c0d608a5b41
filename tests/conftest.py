"""What this machine cannot run is skipped, whatever test or fixture finds that out."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.unit.frame.skips import cannot, summary
from tools.build import UnavailableError


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    try:
        yield
    except UnavailableError as problem:
        cannot("what needs it", str(problem), problem.lacking)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    try:
        yield
    except UnavailableError as problem:
        cannot("what needs it", str(problem), problem.lacking)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what was skipped, in one line for all programs that this machine lacks."""
    skipped = terminalreporter.stats.get("skipped", [])
    for line in summary(report.longrepr[2].removeprefix("Skipped: ") for report in skipped):
        terminalreporter.write_line(line)
