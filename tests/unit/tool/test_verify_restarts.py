"""What restarts under the load breaks a promise, however long the load was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from morrow.tool.report.page import Line
from morrow.tool.targets.kubernetes.promises import restart_line
from morrow.tool.verify import verify as verifying
from morrow.tool.verify.verify import Scenario, verify
from tests.unit.tool.around import pod

GOOD, BAD = Line(True, "no restart", "none"), Line(False, "no restart", "web 3 s ago")


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [([GOOD], [GOOD], 0), ([GOOD], [BAD], 1), ([BAD], [BAD], 1)],
)
def test_what_runs_is_asked_again_after_the_load(
    monkeypatch: pytest.MonkeyPatch, before: list[Line], after: list[Line], broken: int
) -> None:
    told = iter([before, after])
    reach = SimpleNamespace(url="http://x/", how="", connect=(), ca_file=None, steady=True)
    subject: Any = SimpleNamespace(
        reach=lambda: reach, promises=lambda: next(told), image="x", digest=""
    )
    monkeypatch.setattr(verifying, "check_line", lambda *_: Line(True, "answers", "200"))
    monkeypatch.setattr(verifying, "_under_load", lambda *_: (None, ""))
    monkeypatch.setattr(verifying, "_loss", lambda *_: Line(True, "nothing lost", "0"))
    environment: Any = SimpleNamespace(
        name="web", label="test", project=SimpleNamespace(extra={}, root="")
    )
    verdict = verify(environment, subject, Scenario(rate=10, seconds=1))
    assert len(verdict.broken) == broken


@pytest.mark.parametrize(("minutes", "ok"), [(0, True), (60, False)])
def test_a_restart_early_in_a_long_load_counts(minutes: int, ok: bool) -> None:
    ended = (datetime.now(UTC) - timedelta(minutes=30)).isoformat()
    one = pod()
    one["status"]["initContainerStatuses"] = [
        {"name": "mesh", "restartCount": 1, "lastState": {"terminated": {"finishedAt": ended}}}
    ]
    assert restart_line([one], 60.0 * minutes).ok is ok
