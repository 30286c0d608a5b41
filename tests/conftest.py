"""What this machine cannot run is skipped, whatever test or fixture finds that out."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.records import record
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


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Count what was skipped, in one line for all programs that this machine lacks."""
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if everything and not config.option.keyword and "failed" not in terminalreporter.stats:
        passed = len(terminalreporter.stats.get("passed", []))
        took = terminalreporter._session_start.elapsed().seconds
        record("test", {"passed": passed, "seconds": round(took, 1)})
    skipped = terminalreporter.stats.get("skipped", [])
    for line in summary(report.longrepr[2].removeprefix("Skipped: ") for report in skipped):
        terminalreporter.write_line(line)
