"""What fails once a release was applied never says that nothing had been changed."""

from __future__ import annotations

from typing import cast

import pytest

from morrow.tool.base.errors import Failure, problem
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.failed import changed_already, failed
from tests.unit.tool.around import PLACE

LOGIN = problem("cluster-login", "context lab", "Unauthorized", kubectl="kubectl")


class LoggedOut:
    """A site whose cluster asks for a login."""

    place = PLACE

    @property
    def deployed(self) -> int | None:
        raise Failure(LOGIN)


def test_a_login_that_ends_while_it_is_applied_is_no_refusal() -> None:
    assert Failure(LOGIN).exit_code == 2, "the control"
    with pytest.raises(Failure) as late, changed_already():
        raise Failure(LOGIN)
    assert late.value.exit_code == 1
    with pytest.raises(Failure) as later, changed_already():
        raise Failure(LOGIN, applied=True)
    assert later.value.exit_code == 3


def test_why_it_failed_is_told_also_when_nobody_may_look_any_more() -> None:
    crashed = PLACE.problem("crashed", "Pod web-1-a, container web", "exit code 1")
    told = failed(cast(Site, LoggedOut()), crashed, None, None)
    assert (told.exit_code, told.problems[0].code) == (1, "crashed")
    assert told.problems[0].details == (
        "what is deployed now could not be looked at: Unauthorized",
    )
