"""What fails once a release was applied never says that nothing had been changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from morrow.tool.base.errors import Failure, problem
from morrow.tool.cluster import lock
from morrow.tool.cluster.site import Site
from morrow.tool.deliver import gitops, rollback
from morrow.tool.deliver.failed import changed_already, failed
from morrow.tool.deliver.gitops import ByGit
from morrow.tool.targets.kubernetes import target
from morrow.tool.targets.kubernetes.target import Kubernetes
from morrow.tool.targets.target import UpOptions
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


def logged_out(*_: object, **__: object) -> None:
    """Stand in for whatever asks the cluster."""
    raise Failure(LOGIN)


def site_with(**more: object) -> Any:
    """A site of which a command asks no more than this."""
    environment = SimpleNamespace(
        name="web", label="test", namespace="demo", context="lab", delivery="helm"
    )
    nothing = {"forget_release": lambda: None, "deployed": 1, "place": PLACE, "kubectl": None}
    return SimpleNamespace(**{"environment": environment, **nothing, "records": {1: {}}, **more})


def without(patch: pytest.MonkeyPatch, module: object, *names: str) -> None:
    """Let these do nothing."""
    for name in names:
        patch.setattr(module, name, lambda *_, **__: None)


def test_a_rollback_that_cannot_be_asked_any_more_is_no_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    goal = SimpleNamespace(revision=1, image="web:1", config="", secret="")
    without(monkeypatch, rollback, "guard", "require_own", "finish_earlier_command", "_apply")
    monkeypatch.setattr(lock, "held", lambda *_: nullcontext())
    monkeypatch.setattr(rollback, "choose", lambda *_: goal)
    monkeypatch.setattr(rollback, "smoke", logged_out)
    with pytest.raises(Failure) as late:
        rollback.roll_back(site_with(), None, None)
    assert late.value.exit_code == 1
    monkeypatch.setattr(rollback, "choose", logged_out)
    with pytest.raises(Failure) as early:
        rollback.roll_back(site_with(), None, None)
    assert early.value.exit_code == 2, "the control"


def test_what_fails_after_a_push_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    git = SimpleNamespace(
        changed=lambda _: [], log=lambda *_: [], held=lambda *_: [],
        check=lambda *_: "", root=".",
    )  # fmt: skip
    branch = SimpleNamespace(git=git, files=(), chart="", label="test", reference="main")
    monkeypatch.setattr(gitops, "branch_of", lambda _: branch)
    without(monkeypatch, gitops, "require_ready", "_tell_shared", "_deploys", "_tell_tasks")
    for sent, code in ((lambda *_, **__: "a" * 40, 1), (logged_out, 2)):
        monkeypatch.setattr(gitops, "_sent", sent)
        monkeypatch.setattr(gitops, "wait", logged_out)
        with pytest.raises(Failure) as late:
            ByGit().apply(site_with(), 1, None)
        assert late.value.exit_code == code
        with pytest.raises(Failure) as late:
            ByGit().bring_back(site_with(), {"commit": "b" * 40}, 1)
        assert late.value.exit_code == code


def test_an_up_whose_state_cannot_be_asked_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, target, "guard", "preflight", "require_own", "ensure_namespace", "apply")
    without(monkeypatch, target, "smoke_or_take_back")
    monkeypatch.setattr(target, "store_of", lambda _: SimpleNamespace(make=lambda _: None))
    monkeypatch.setattr(target, "orphans", lambda *_: [])
    monkeypatch.setattr(lock, "held", lambda *_: nullcontext())
    monkeypatch.setattr(target, "status_of", logged_out)
    with pytest.raises(Failure) as late:
        Kubernetes().up(site_with(), UpOptions())
    assert late.value.exit_code == 1
    monkeypatch.setattr(target, "preflight", logged_out)
    with pytest.raises(Failure) as early:
        Kubernetes().up(site_with(), UpOptions())
    assert early.value.exit_code == 2, "the control"


class Unreadable:
    """Revisions that nobody may list any more."""

    def __iter__(self) -> Iterator[int]:
        raise Failure(LOGIN)


def test_a_rollback_of_which_nobody_knows_whether_it_has_begun_is_no_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = SimpleNamespace(fault=None, waiting=None, view=None)
    monkeypatch.setattr(rollback, "Rollout", lambda *_, **__: nullcontext(watch))
    deliver = SimpleNamespace(
        stoppable=False, unawaited=list, awaited=lambda *_: [], bring_back=logged_out
    )
    monkeypatch.setattr(rollback, "delivery_of", lambda _: deliver)
    goal: Any = SimpleNamespace(record={"manifest": ""})
    site = site_with()
    with pytest.raises(Failure) as early:
        rollback._apply(site, goal, None)
    assert early.value.exit_code == 2, "the control: no revision has come"
    site.forget_release = lambda: setattr(site, "records", Unreadable())
    with pytest.raises(Failure) as late:
        rollback._apply(site, goal, None)
    assert late.value.exit_code == 1
