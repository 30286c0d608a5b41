"""The cause that is named for what Kubernetes says; `recorded/` was taken from a real cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from morrow.tool.base.errors import Failure, problem
from morrow.tool.deliver import rollout
from morrow.tool.diagnose.deployment import rolled_out
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.view import View, view_of
from morrow.tool.programs.kubectl import Kubectl
from tests.unit.tool.views import (
    PLACE,
    RECORDED,
    names,
    recorded,
)


@pytest.mark.parametrize("name", [n for n in names() if n not in ("good", "starting")])
def test_what_a_real_cluster_said_is_named(name: str) -> None:
    found = diagnose(recorded(name), PLACE)
    assert found[0].problem.code == name
    assert found[0].hold <= 70
    assert found[0].problem.fix


def test_good_pods_are_no_fault() -> None:
    assert diagnose(recorded("good"), PLACE) == []


def test_a_pod_that_starts_has_its_whole_budget() -> None:
    (finding,) = diagnose(recorded("starting"), PLACE)
    assert finding.problem.code == "never-ready"
    assert finding.hold >= 60


def test_a_rollout_is_complete_when_its_controller_says_so_of_the_present_template() -> None:
    view = recorded("good")
    good = view.deployment
    assert good is not None
    assert rolled_out(good, view)
    starting = recorded("starting")
    assert not rolled_out(starting.deployment, starting)
    changed = {**good, "metadata": {**good["metadata"], "generation": 99}}
    assert not rolled_out(changed, view), "the controller has not yet seen the new template"


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (["good"], None),
        (["starting", "good"], None),
        (["starting"] * 9, "never-ready"),
    ],
)
def test_what_was_applied_must_settle(
    monkeypatch: pytest.MonkeyPatch, seen: list[str], code: str | None
) -> None:
    looks = iter(["good", *seen])
    monkeypatch.setattr(rollout, "PERIOD", 1.0)
    monkeypatch.setattr(rollout, "LASTS", 0.0)
    monkeypatch.setattr(rollout.Rollout, "_look", lambda self: recorded(next(looks)))
    with rollout.Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False) as watched:
        watched.fault = watched._place.problem("crashed", "Pod web", "an earlier look's")
        told = watched.settled(0.1)
    assert (told.code if told else None) == code
    assert watched.fault == told


def test_an_interrupt_ends_the_wait_for_it_to_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    def looks() -> Iterator[View]:
        yield recorded("good")
        raise Failure(problem("interrupted", "kubectl", "told to stop"))

    each = looks()
    monkeypatch.setattr(rollout.Rollout, "_look", lambda self: next(each))
    with (
        rollout.Rollout(Kubectl("lab", "demo"), PLACE, interrupt=False) as watched,
        pytest.raises(Failure, match="told to stop"),
    ):
        watched.settled(60)


def test_what_was_there_before_is_not_judged() -> None:
    view = recorded("configmap-missing")
    known = [item["metadata"]["uid"] for item in (*view.replicasets, *view.pods)]
    assert diagnose(view, PLACE, known) == []
    assert diagnose(view, PLACE) != []


def test_a_replicaset_of_an_older_template_is_not_judged() -> None:
    view = recorded("configmap-missing")
    assert view.deployment is not None
    view.deployment["metadata"]["generation"] += 1
    (finding,) = diagnose(view, PLACE)
    assert (finding.problem.code, finding.hold) == ("controller-silent", 40.0)


def test_another_deployment_of_the_namespace_is_not_judged() -> None:
    items = json.loads((RECORDED / "configmap-missing.json").read_text())
    assert diagnose(view_of(items, "other"), PLACE) == []
