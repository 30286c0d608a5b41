"""What the checkers counted stands in the output, also when all is well."""

from __future__ import annotations

import pytest

from tests.chart.test_chart_conform import COUNTED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was counted, whichever worker did it."""
    passed = terminalreporter.stats.get("passed", [])
    told = [line for report in passed for line in report.capstdout.splitlines()]
    counted = [line for line in told if line.startswith(COUNTED)]
    if counted:
        terminalreporter.section("the chart before the checkers")
        for line in counted:
            terminalreporter.line(line)
