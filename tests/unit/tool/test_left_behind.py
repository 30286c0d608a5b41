"""What a command that was cut off leaves, and where putting it right leads."""

from __future__ import annotations

import pytest

from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.programs.helm import Revision, served
from morrow.tool.recovery.recovery import find
from tests.environments import load
from tests.unit.tool.stand_in import StandIn, revision


@pytest.mark.parametrize(
    ("status", "description", "goal"),
    [
        # 2 was deployed and did not last, so 1 was being put back when Ctrl-C came.
        ("pending-rollback", "Rollback to 1", 1),
        ("pending-rollback", "Rollback to 9", 2),  # of which nothing is kept
        ("pending-upgrade", "Preparing upgrade", 2),
    ],
)
def test_a_rollback_that_was_cut_off_goes_on_to_its_goal(
    cluster: StandIn, status: str, description: str, goal: int
) -> None:
    before = [revision(1, "superseded"), revision(2, "deployed")]
    cluster.says(history=[*before, revision(3, status, description)])
    (finding,) = find(Site(load(Project.find(), "dev")))
    assert finding.problem.code == "release-stuck"
    assert finding.fix is not None
    assert finding.fix().endswith(f"is back at revision {goal}")
    assert f"helm rollback shop {goal} --wait" in cluster.asked[-1]


@pytest.mark.parametrize(
    ("history", "good"),
    [
        # 2 was called deployed before it was judged, and what took it back superseded it.
        ([("superseded", ""), ("superseded", ""), ("deployed", "Rollback to 1")], [1, 3]),
        ([("superseded", ""), ("failed", ""), ("deployed", "Rollback to 1")], [1, 3]),
        ([("superseded", ""), ("superseded", ""), ("failed", "Rollback to 1")], [1, 2]),
        ([("superseded", ""), ("superseded", ""), ("deployed", "")], [1, 2, 3]),
        ([("failed", "")], []),
    ],
)
def test_what_a_rollback_left_has_not_served(
    history: list[tuple[str, str]], good: list[int]
) -> None:
    lines = [
        Revision(number, status, "", description, "")
        for number, (status, description) in enumerate(history, 1)
    ]
    assert served(lines) == good
